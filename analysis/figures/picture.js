/* A figure as a picture: laid out anew for paper or a slide, on white, its texts as text. Joined after `dress.js`.
 *
 * Every text is laid out at TEXT pixels and the whole is scaled until that is the size that was asked for, so lines, markers and margins
 * are in proportion to the text at any width. A picture says inside what it is of, and the same figure makes the same bytes.
 */
const PAPER = {
  dark: false, background: "#ffffff", raised: "#ffffff", text: "#1b1b1f", border: "#b4b8c0", primary: "#0067a1",
  font: "Helvetica, Arial, sans-serif",
};
const TEXT = 12, SLIDE_TITLE = 18, LONGEST_TEXT = 600;
const FLATTEST = 0.75; // of the height on screen, for which names beside lines were placed
const IN_PICTURE = 5000; // points of a picture: more open slowly wherever it is shown
const SVG = "http://www.w3.org/2000/svg";

/* What plotly draws, and the texts above it. `source`: figure (as Python made it), height, ranges, line, region, points. */
function pictureSpec(source, size, asVectors) {
  const scale = size.font / TEXT, width = size.width / scale, figure = structuredClone(source.figure);
  const { title: { text, subtitle: { text: said } = {} } = {}, template: _, width: __, height: ___, ...layout } = figure.layout;
  figure.layout = layout;
  applyColours(figure, false);
  Object.assign(layout, { template: template(PAPER), autosize: false, width });
  if (typeof source.line === "number") layout.shapes = [uprightLine(source.line, PAPER)];
  if (source.region) layout.selections = [drawnRegion(source.region, PAPER)];
  atMostText(layout);
  figure.data.forEach((trace, place) => { atMostText(trace); trace.uid = `t${place}`; }); // else named by chance
  for (const [axis, range] of Object.entries(source.ranges ?? {})) layout[axis] = { ...layout[axis], range: [...range], autorange: false };
  const lines = [];
  if (source.points) {
    if (source.points.about.scale) layout.coloraxis = { ...layout.coloraxis, colorscale: pointScale(false) };
    if (asVectors) lines.push(addPoints(figure, source.points));
  }
  if (size.title) lines.unshift(onPaper(plainText(said)));
  const head = size.height ? SLIDE_TITLE : TEXT;
  const texts = [
    ...linesOf(size.title ? plainText(text) : "", width, head, "bold"), ...linesOf(lines.filter(Boolean).join(" "), width, TEXT, "normal"),
  ];
  const top = texts.reduce((sum, line) => sum + line.size * LINE_HEIGHT, texts.length ? 6 : 0);
  const given = source.height ?? 360;
  layout.height = size.height ? size.height / scale - top : Math.max(FLATTEST * given, Math.min(given, FLATTEST * width));
  fitTexts(layout, width, layout.height, PAPER.font);
  layout.margin = { ...layout.margin, l: Math.min(layout.margin.l, 8), b: Math.min(layout.margin.b, 8) }; // axes make their own room
  return { figure, texts, top, scale, width, height: layout.height + top };
}

function onPaper(text) { // paper hears no pointer: sentences on what one does are left out
  return text.split(/(?<=\.) (?=[A-Z])/).filter((sentence) => !/\b(click|lasso)\b/i.test(sentence)).join(" ");
}

function atMostText(node) { // no text is larger than the others
  for (const [name, value] of Object.entries(node)) {
    if (!value || typeof value !== "object" || ArrayBuffer.isView(value) || /^(x|y|z|text|customdata)$/.test(name)) continue;
    if (/font$/.test(name) && value.size > TEXT) value.size = TEXT;
    atMostText(value);
  }
}

function linesOf(text, width, size, weight) {
  const cut = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
  if (!cut) return [];
  const markup = cut.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return broken(markup, width - 4, weight === "bold" ? 1.07 * size : size, PAPER.font).split("<br>")
    .map((line) => ({ text: plainText(line), size, weight }));
}

/* The picture as SVG: its text, and its size in points. `about`: title and description, plain text. `layer`, where points are drawn as an
 * image behind plotly's axes rather than as vectors: from the layout and the points per pixel to its address. */
async function picture(source, size, about, layer = null) {
  const spec = pictureSpec(source, size, !layer), { figure, width, height, scale } = spec, plot = document.createElement("div");
  let drawn, image;
  Object.assign(plot.style, { position: "absolute", left: "-9999px", width: `${width}px`, height: `${figure.layout.height}px` });
  document.body.append(plot); // off the screen: what plotly has not laid out has no places
  try {
    await self.Plotly.newPlot(plot, figure.data, figure.layout, { staticPlot: true });
    image = layer && imageBehind(plot._fullLayout, layer(plot._fullLayout, scale));
    drawn = await self.Plotly.toImage(plot, { format: "svg", imageDataOnly: true, width, height: figure.layout.height });
  } finally {
    self.Plotly.purge(plot);
    plot.remove();
  }
  const root = new DOMParser().parseFromString(inXml(drawn), "image/svg+xml").documentElement;
  if (root.localName !== "svg") throw new Error("plotly drew no SVG");
  const inside = made("g", { transform: `translate(0 ${number(spec.top)})` });
  inside.append(...(image ? [image] : []), ...root.childNodes);
  const sized = [size.width, height * scale];
  for (const [name, value] of Object.entries({ width: `${number(sized[0])}pt`, height: `${number(sized[1])}pt`,
    viewBox: `0 0 ${number(width)} ${number(height)}` })) root.setAttribute(name, value);
  const described = [["title", about.title], ["desc", [plainText(source.figure.layout.title?.text), plainText(source.figure.layout.title?.subtitle?.text), about.text].filter(Boolean).join("\n")]];
  root.append(...described.map(([name, text]) => made(name, {}, text)));
  root.append(made("rect", { width: number(width), height: number(height), fill: PAPER.background }), ...headTexts(spec.texts), inside);
  return { text: withOwnIds(new XMLSerializer().serializeToString(root)), width: sized[0], height: sized[1] };
}

function imageBehind({ xaxis, yaxis }, href) {
  return made("image", { x: number(xaxis._offset), y: number(yaxis._offset), width: number(xaxis._length), height: number(yaxis._length),
    preserveAspectRatio: "none", href });
}

function headTexts(texts) {
  let y = 0;
  return texts.map(({ text, size, weight }) => {
    y += size * LINE_HEIGHT;
    return made("text", { class: "head", x: 2, y: number(y - 0.3 * size), fill: PAPER.text, "xml:space": "preserve",
      style: `font-family: ${PAPER.font}; font-size: ${size}px; font-weight: ${weight}` }, text);
  });
}

function made(name, attributes, text = "") {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("xml:")) node.setAttributeNS("http://www.w3.org/XML/1998/namespace", key, value);
    else node.setAttribute(key, value);
  }
  node.textContent = inXml(text);
  return node;
}

const inXml = (text) => text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd"); // it has no other characters

const number = (value) => Number(value.toFixed(3));

/* Plotly names clips by chance; here they are named by what is drawn, so that two pictures may stand in one page. */
function withOwnIds(text) {
  const drawn = /id="defs-([0-9a-f]{6})"/.exec(text)?.[1];
  if (!drawn) return text;
  const parts = text.split(drawn);
  let hash = 2166136261;
  for (const part of parts) for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 16777619);
  return parts.join((hash >>> 0).toString(16).padStart(8, "0"));
}

/* A picture as pixels, `dots` an inch. */
async function pixels({ text, width, height }, dots) {
  const image = new Image(), canvas = document.createElement("canvas");
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    image.src = url;
    await image.decode();
    Object.assign(canvas, { width: Math.round((width * dots) / 72), height: Math.round((height * dots) / 72) });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  } finally {
    URL.revokeObjectURL(url);
  }
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("it is too large"))), "image/png"));
}

// --- what is drawn over a figure, on screen too --------------------------------------------------------------------------

function uprightLine(x, theme) {
  const colour = themedColour("#1b1b1f", theme.dark, false);
  return { type: "line", xref: "x", yref: "y domain", x0: x, x1: x, y0: 0, y1: 1, line: { color: colour, width: 2.5 }, layer: "above" };
}

function drawnRegion({ kind, x, y }, theme) {
  const line = { color: theme.text, width: 1.5, dash: "dot" };
  if (kind === "box") return { type: "rect", xref: "x", yref: "y", x0: x[0], x1: x[1], y0: y[0], y1: y[1], line };
  return { type: "path", xref: "x", yref: "y", path: `M${x.map((value, i) => `${value},${y[i]}`).join("L")}Z`, line };
}

// --- points that are too many for plotly ---------------------------------------------------------------------------------

/* From a value of the whole range, 0 to 255, to a colour: higher values stand out more, on either page. */
function pointScale(dark) {
  return dark
    ? [[0, "#4a6cae"], [0.3, "#21918c"], [0.65, "#5ec962"], [1, "#fde725"]]
    : [[0, "#3ba272"], [0.3, "#21858c"], [0.65, "#39568c"], [1, "#440154"]];
}

function alongScale(scale, at) {
  const next = Math.max(1, scale.findIndex(([place]) => place >= at)), [[from, low], [to, high]] = [scale[next - 1], scale[next]];
  const [a, b] = [rgb(low), rgb(high)], t = (at - from) / (to - from);
  return a.map((value, i) => Math.round(value + (b[i] - value) * t));
}

function onPage(colour, background) { // opaque: what a translucent one looks like on the page
  const alpha = Number(/^rgba\(.*,\s*([\d.]+)\s*\)$/.exec(colour)?.[1] ?? 1), page = rgb(background);
  const full = rgb(colour.replace(/^rgba\((.*),[^,]*\)$/, "rgb($1)"));
  return full.map((value, i) => Math.round(page[i] + (value - page[i]) * alpha));
}

function pointColours(about, theme) { // a colour for each code, and that of what is not selected
  const opaque = (colour) => onPage(themedColour(colour, theme.dark, false), theme.background), scale = pointScale(theme.dark);
  const own = about.colours.map(opaque), along = Array.from({ length: about.scale ? 255 : 0 }, (_, code) => alongScale(scale, code / 254));
  return { palette: about.scale ? [...along, own[0]] : own, dimmed: opaque(about.dimmed) };
}

/* Adds points as vectors, at most IN_PICTURE of them, evenly spaced in the order of the samples; says so where some are left out. */
function addPoints(figure, { about, x, y, codes, kept, of = x.length }) {
  const { palette, dimmed } = pointColours(about, PAPER), drawn = Math.min(x.length, IN_PICTURE), step = Math.max(1, x.length / IN_PICTURE);
  const picked = Array.from({ length: drawn }, (_, k) => Math.floor(k * step));
  const colour = (i) => `rgba(${kept && !kept[i] ? dimmed : palette[codes[i]]},${about.opacity})`; // a group's opacity makes a PDF large
  const order = kept ? [...picked.filter((i) => !kept[i]), ...picked.filter((i) => kept[i])] : picked;
  figure.data.unshift({ type: "scatter", mode: "markers", showlegend: false, x: order.map((i) => x[i]), y: order.map((i) => y[i]),
    marker: { color: order.map(colour), size: about.size, opacity: 1, line: { width: 0 } } });
  const [some, all] = [drawn, of].map((count) => count.toLocaleString("en"));
  return drawn < of ? `This picture holds ${some} of the ${all} points, evenly spaced in the order of the samples.` : "";
}
