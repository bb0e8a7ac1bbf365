/* The browser's half of the gallery: builds tiles, keeps the DOM of those that have not changed, reports a click. */
const SVG = "http://www.w3.org/2000/svg";
const MARKS = { right: "M4.5 9.5l3 3 6-6.5", wrong: "M5.5 5.5l7 7M12.5 5.5l-7 7" };
const WALLS = new WeakMap(); // mount point -> {json of each tile, nodes}

function svg(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function element(name, className, text) {
  const node = document.createElement(name);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function isDark(host) {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  probe.fillStyle = getComputedStyle(host).getPropertyValue("--st-background-color").trim() || "#fff";
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

function picture(tile, data, dark) {
  const box = element("span", "xl-picture");
  if (tile.image.startsWith("data:image/")) {
    const image = element("img", "");
    image.alt = "";
    image.decoding = "async";
    image.addEventListener("load", () => image.classList.toggle("xl-small", image.naturalWidth < 128));
    image.src = tile.image;
    box.append(image);
  } else if (tile.fault) {
    box.append(element("span", "xl-fault", "image cannot be shown"));
  } else {
    box.classList.add("xl-drawn");
    const lines = svg("svg", { viewBox: data.drawing, class: "xl-lines", "aria-hidden": "true" });
    for (const name of ["behind", "shown"]) {
      if (!tile[name]) continue;
      const behind = name === "behind";
      lines.append(svg("path", { d: tile[name], stroke: data.colours[name][dark ? 1 : 0], "stroke-width": behind ? 1.25 : 2.5, "stroke-dasharray": data.baseline[name] ? "4 3" : "none" }));
    }
    box.append(lines);
  }
  if (MARKS[tile.mark]) {
    const mark = element("span", `xl-mark xl-${tile.mark}`);
    const drawing = svg("svg", { viewBox: "0 0 18 18", "aria-hidden": "true" });
    drawing.append(svg("path", { d: MARKS[tile.mark] }));
    mark.append(drawing);
    box.append(mark);
  }
  return box;
}

function build(tile, data, dark) {
  const node = element("button", "xl-tile");
  node.type = "button";
  node.dataset.position = tile.position;
  node.classList.toggle("xl-faint", tile.faint);
  const said = [tile.title, tile.mark, tile.note, tile.faint && "not selected", tile.fall && `largest fall ${tile.fall}`].filter(Boolean).join(", ");
  const about = tile.fault ? `${said}. ${tile.fault}` : said;
  node.title = about;
  node.setAttribute("aria-label", about);
  node.append(picture(tile, data, dark), element("span", "xl-name", tile.title));
  if (tile.note) node.append(element("span", "xl-note", tile.note));
  node.append(element("span", "xl-fall", tile.fall ? `\u2193 ${tile.fall}` : "\u00a0"));
  return node;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const wall = parentElement.querySelector(".xl-gallery");
  const dark = isDark(parentElement);
  const before = WALLS.get(parentElement) ?? new Map();
  const after = new Map();
  const common = JSON.stringify([data.colours, data.drawing, dark]);
  const nodes = data.tiles.map((tile) => {
    const key = common + JSON.stringify(tile);
    const node = before.get(key) ?? build(tile, data, dark);
    after.set(key, node);
    return node;
  });
  const first = wall.firstElementChild, samePage = nodes.length && first === nodes[0];
  const rest = data.rest ? data.tiles.findIndex((tile) => tile.faint) : -1;
  if (rest >= 0) nodes.splice(rest, 0, element("div", "xl-rest", data.rest));
  wall.replaceChildren(...nodes);
  if (!samePage) wall.scrollTop = wall.scrollLeft = 0;
  wall.classList.toggle("xl-row", data.row);
  WALLS.set(parentElement, after);
  wall.onclick = (event) => {
    const tile = event.target.closest?.(".xl-tile");
    if (tile) setTriggerValue("open", Number(tile.dataset.position));
  };
  wall.dataset.tiles = String(data.tiles.length);
}
