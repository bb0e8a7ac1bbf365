/* How a figure is dressed in a browser: colours, grid and fonts of the page that it stands on, light or dark; texts that fit its width.
 *
 * Joined before the scripts that draw figures: the app's chart component and the report's. The page's look is read from CSS variables.
 */
const THEMED = __THEMED__; // colour -> [line on light, line on dark, text on light, text on dark]

// --- theme ---------------------------------------------------------------------------------------------------------------

const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function rgb(colour) {
  probe.clearRect(0, 0, 1, 1);
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

function readTheme(element) {
  const css = getComputedStyle(element);
  const read = (name, otherwise) => css.getPropertyValue(`--st-${name}`).trim() || otherwise;
  const background = read("background-color", "#ffffff");
  const [r, g, b] = rgb(background);
  return {
    dark: 0.299 * r + 0.587 * g + 0.114 * b < 128,
    background,
    raised: read("secondary-background-color", "#f2f2f2"),
    text: read("text-color", "#1b1b1f"),
    border: read("border-color", "#d0d0d4"),
    primary: read("primary-color", "#0072b2"),
    font: read("font", "sans-serif"),
  };
}

const LOOKUP = new Map();
for (const [colour, variants] of Object.entries(THEMED)) {
  LOOKUP.set(colour.toLowerCase(), variants);
  LOOKUP.set(rgb(colour).join(","), variants);
}

function themedColour(colour, dark, text) {
  const variant = (text ? 2 : 0) + (dark ? 1 : 0);
  const exact = LOOKUP.get(colour.toLowerCase());
  if (exact) return exact[variant];
  const parts = /^rgba?\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*(?:,\s*([\d.]+)\s*)?\)$/.exec(colour);
  const found = parts && LOOKUP.get(parts.slice(1, 4).join(","));
  return found ? `rgba(${rgb(found[variant]).join(",")},${parts[4] ?? 1})` : colour;
}

function applyColours(node, dark, text = false) {
  if (ArrayBuffer.isView(node)) return node;
  if (Array.isArray(node)) {
    for (let i = 0; i < node.length; i++) {
      if (typeof node[i] === "string") node[i] = themedColour(node[i], dark, text);
      else if (node[i] && typeof node[i] === "object") applyColours(node[i], dark, text);
    }
    return node;
  }
  for (const [name, value] of Object.entries(node)) {
    const isText = text || name === "font" || name === "textfont" || name === "tickfont";
    if (typeof value === "string") {
      if (/color$/i.test(name)) node[name] = themedColour(value, dark, isText);
    } else if (value && typeof value === "object" && (/color|scale|font/i.test(name) || !("bdata" in value))) {
      if (Array.isArray(value) && typeof value[0] === "string" && !/color/i.test(name)) continue; // names, not colours
      applyColours(value, dark, isText);
    }
  }
  return node;
}

/* From the palest that reaches 3:1 against the page, as WCAG has it of graphics: what is none is drawn as no cell. */
function sequentialScale(theme) {
  return theme.dark
    ? [[0, "#5a99c9"], [0.35, "#74b4dd"], [0.7, "#abd8f4"], [1, "#ffffff"]] // dark numbers are legible on all of it
    : [[0, "#2a7ab3"], [0.35, "#1a5f92"], [0.7, "#0d4066"], [1, "#04192a"]]; // white numbers are legible on all of it
}

function template(theme) {
  const grid = theme.dark ? "rgba(255,255,255,0.11)" : "rgba(0,0,0,0.09)";
  const muted = themedColour("#6a6a70", theme.dark, true);
  const axis = {
    gridcolor: grid, linecolor: theme.border, zerolinecolor: theme.border, tickcolor: theme.border, automargin: true,
    tickfont: { color: muted, size: 12 }, title: { font: { size: 13, color: theme.text }, standoff: 10 },
  };
  const scale = sequentialScale(theme);
  const colorbar = { outlinewidth: 0, thickness: 12, tickfont: { color: muted, size: 12 }, title: { font: { color: theme.text, size: 12 } } };
  return {
    layout: {
      font: { family: theme.font, size: 13, color: theme.text },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      xaxis: axis, yaxis: axis, colorscale: { sequential: scale }, coloraxis: { colorscale: scale, colorbar },
      hoverlabel: { bgcolor: theme.raised, bordercolor: theme.border, font: { family: theme.font, size: 13, color: theme.text }, align: "left", namelength: -1 },
      legend: { font: { color: theme.text }, bgcolor: "rgba(0,0,0,0)", orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
      annotationdefaults: { font: { color: theme.text } },
      newselection: { line: { color: theme.text, width: 1.5, dash: "dot" } },
      activeselection: { fillcolor: "rgba(0,0,0,0)", opacity: 1 },
    },
    data: { scatter: [{ cliponaxis: false }], heatmap: [{ colorscale: scale, colorbar }], histogram2d: [{ colorscale: scale, colorbar }] },
  };
}

// --- texts ---------------------------------------------------------------------------------------------------------------

function plainText(markup) { // the title as plotly would show it, without its tags
  const text = String(markup ?? "").replace(/<br\s*\/?>/gi, "\n").replace(/<\/?(b|i|em|strong|sub|sup|span|a)\b[^>]*>/gi, "");
  const area = document.createElement("textarea");
  area.innerHTML = text.replace(/</g, "&lt;");
  return area.value;
}

function wrapped(text, limit) { // for exported pictures: plotly breaks no lines
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const last = lines[lines.length - 1];
    if (last && last.length + word.length + 1 > limit) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines.map((line) => line.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"));
}

function textWidth(markup, size, family) {
  probe.font = `${size}px ${family}`;
  return Math.max(...String(markup).split(/<br\s*\/?>/i).map((line) => probe.measureText(plainText(line)).width));
}

function broken(markup, room, size, family) { // at spaces, into lines that take no more than `room` pixels where words allow it
  const lines = [""];
  for (const word of String(markup).split(" ")) {
    const last = lines[lines.length - 1], longer = last ? `${last} ${word}` : word;
    if (last && textWidth(longer, size, family) > room) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines.join("<br>");
}

const TICK = 12, AXIS_TITLE = 13, HEADING = 13, LINE_HEIGHT = 1.3;

/* Texts that know the figure's width: axis titles and panels' headings are broken into lines, ticks left out where they would meet. */
function fitTexts(layout, width, height, family) {
  const margin = { l: 56, r: 16, t: 8, b: 44, ...layout.margin };
  const inner = { x: Math.max(width - margin.l - margin.r, 60), y: Math.max(height - margin.t - margin.b, 60) };
  for (const key of Object.keys(layout).filter((one) => /^[xy]axis\d*$/.test(one))) {
    const axis = (layout[key] = { ...layout[key] }), [from, to] = axis.domain ?? [0, 1];
    const room = (to - from) * inner[key[0]];
    if (axis.title?.text) axis.title = { ...axis.title, text: broken(axis.title.text, room + (key[0] === "x" ? margin.r : 0), AXIS_TITLE, family) };
    if (Array.isArray(axis.ticktext) && Array.isArray(axis.tickvals) && axis.range) thinTicks(axis, key[0], room, family);
  }
  let more = 0;
  layout.annotations = (layout.annotations ?? []).map((note) => {
    if (note.name !== "heading") return note;
    const [from, to] = domains(layout).find(([start, end]) => note.x >= start - 0.001 && note.x < end) ?? [0, 1];
    const text = broken(note.text, (to - from) * inner.x + 12, HEADING, family);
    if (note.y > 0.999) more = Math.max(more, text.split("<br>").length - 1);
    return { ...note, text };
  });
  layout.margin = { ...margin, t: margin.t + Math.ceil(more * HEADING * LINE_HEIGHT) };
}

const domains = (layout) => Object.keys(layout).filter((key) => /^xaxis\d*$/.test(key)).map((key) => layout[key].domain ?? [0, 1]);

function thinTicks(axis, letter, room, family) { // every 2nd, 3rd, ... of them, the first that leaves a gap between all
  if (typeof axis.tickvals[0] !== "number") return;
  const scale = room / Math.abs(axis.range[1] - axis.range[0]), across = letter === "x" && !axis.tickangle;
  const line = TICK * (letter === "x" ? 1.6 : 1.1); // of upright names, whose axis loses width to the names of rows
  const half = axis.ticktext.map((text) => (across ? textWidth(text, TICK, family) + 7 : line) / 2);
  const meet = (a, b) => scale * Math.abs(axis.tickvals[a] - axis.tickvals[b]) < half[a] + half[b];
  const every = (step) => axis.tickvals.map((_, i) => i).filter((i) => i % step === 0);
  let step = 1;
  while (step < axis.tickvals.length && every(step).some((at, i, all) => i && meet(all[i - 1], at))) step++;
  const kept = every(step);
  axis.tickvals = kept.map((i) => axis.tickvals[i]);
  axis.ticktext = kept.map((i) => axis.ticktext[i]);
  if (across) Object.assign(axis, { tickangle: 0, ticklabeloverflow: "allow" }); // plotly hides a name that is too wide, and loses the title's place with it
}
