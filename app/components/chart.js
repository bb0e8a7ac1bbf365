/* The browser's half of the chart component: Plotly.react with memory.
 *
 * One module serves every chart of the page, so what must outlive a remount (zoom, the tool in hand, the room of titles) is kept here
 * under the chart's name. The export stays synchronous: plotly.js is awaited inside, and the latest data win.
 */
const LIBRARY = __LIBRARY__;

const ZOOM = new Map(); // "name|what the axes show" -> {xaxis: [low, high], ...}
const TOOL = new Map(); // name -> "zoom" | "select" | "lasso" | false, none
const HEAD = new Map(); // "name|width" -> the most that title and subtitle took, in pixels: the picture below never moves up
const CSV_DONE = new Set(); // numbers of tables that were saved already
const CHARTS = new WeakMap(); // mount point -> chart
const SELECTION_VERTICES = 100;
const BY_FINGER = matchMedia("(hover: none) and (pointer: coarse)"); // where what is dragged is the page, until a tool is taken
let TURN = Promise.resolve(); // of figures to be drawn, one after the other

// A switch that was clicked keeps the focus, and Streamlit's shortcuts stay quiet in every input: arrow keys would then be dead.
document.addEventListener("click", (event) => {
  const byPointer = event.detail > 0;
  setTimeout(() => { if (byPointer && document.activeElement?.type === "checkbox") document.activeElement.blur(); });
}, true);

let library;
function loadLibrary() {
  if (self.Plotly) return Promise.resolve(self.Plotly);
  library ??= new Promise((resolve, reject) => {
    const own = document.querySelector('script[src*="static/js/"]');
    const url = new URL(`../../${LIBRARY}`, own ? own.src : document.baseURI).href;
    const early = document.getElementById("plotly"); // the server puts it into every page
    const script = early ?? document.createElement("script");
    const fail = () => {
      library = undefined;
      script.remove();
      reject(new Error(`plotly.js did not load from ${url}: start the app with "streamlit run app/main.py", then reload this page.`));
    };
    script.onload = () => (self.Plotly ? resolve(self.Plotly) : fail()); // a wrong path answers 200 with a page
    script.onerror = fail;
    if (early) return;
    script.src = url;
    document.head.append(script);
  });
  return library;
}

const ICONS = {
  zoom: '<circle cx="7" cy="7" r="4.5"/><path d="M10.5 10.5 14 14M5 7h4M7 5v4"/>',
  select: '<rect x="2.5" y="3.5" width="11" height="9" stroke-dasharray="2.2 1.8"/>',
  lasso: '<path d="M8 2.5c3.3 0 6 1.7 6 4s-2.700 4-6 4-6-1.700-6-4 2.700-4 6-4Z" stroke-dasharray="2.200 1.800"/><path d="M4.500 10c-1.400 1.200-.4 3 1 3.500"/>',
  reset: '<path d="M3 8a5 5 0 1 0 1.600-3.700M3 2.500v3h3"/>',
  menu: '<path d="M8 2.500v7M5 7l3 3 3-3M3 13.500h10"/>',
};
const icon = (name) => `<svg viewBox="0 0 16 16" aria-hidden="true">${ICONS[name]}</svg>`;

// --- one chart -------------------------------------------------------------------------------------------------------------

class Chart {
  constructor(host) {
    this.host = host;
    this.root = host.querySelector(".xl-chart");
    this.root.setAttribute("role", "figure");
    this.root.innerHTML =
      '<div class="xl-head"><div class="xl-titles"><div class="xl-title"></div><div class="xl-subtitle"></div></div>' +
      '<div class="xl-tools" role="toolbar" aria-label="Figure tools"></div></div>' +
      '<div class="xl-fault" role="alert" hidden></div><div class="xl-stage"><div class="xl-plot"></div></div>';
    this.plot = this.root.querySelector(".xl-plot");
    this.stage = this.root.querySelector(".xl-stage");
    this.cloud = null; // where the figure has points of its own
    this.stage.addEventListener("pointermove", (event) => this.cloud?.hover(event));
    this.stage.addEventListener("pointerleave", () => this.cloud?.hide());
    this.stage.addEventListener("pointerdown", (event) => this.pressed(event), true);
    this.onPoints = () => { if (this.lacking) this.draw(); };
    addEventListener("exitlens-points", this.onPoints);
    this.drawn = 0;
    this.revision = 0;
    this.makeTools();
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.plot);
    this.onOutside = (event) => { if (!this.menuHolder(event)) { this.closeMenu(); this.saving.close(); } };
    document.addEventListener("pointerdown", this.onOutside, true);
  }

  menuHolder(event) { return [this.menu, this.saving.root, this.tools.menu].some((one) => one.contains(event.target)); }

  makeTools() {
    const bar = this.root.querySelector(".xl-tools");
    this.tools = {};
    const tool = (name, label, action) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "xl-tool";
      button.innerHTML = icon(name);
      button.title = label;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", action);
      bar.append(button);
      this.tools[name] = button;
    };
    tool("reset", "Reset zoom", () => this.resetZoom());
    tool("zoom", "Zoom by dragging", () => this.take("zoom"));
    tool("select", "Select a box", () => this.take("select"));
    tool("lasso", "Select with a lasso", () => this.take("lasso"));
    tool("menu", "Menu of this figure", () => (this.menu.hidden ? this.openMenu() : this.closeMenu()));
    this.tools.menu.setAttribute("aria-haspopup", "menu");
    this.tools.menu.setAttribute("aria-expanded", "false");
    this.menu = document.createElement("div");
    this.menu.className = "xl-menu";
    this.menu.setAttribute("role", "menu");
    this.menu.hidden = true;
    const items = [["Picture …", () => this.saving.open()], ["Data, CSV", () => this.send("csv", true)],
      ["Add to a presentation", () => this.send("take", { ...ZOOM.get(this.axesShow) })]];
    for (const [label, action] of items) {
      const item = document.createElement("button");
      item.type = "button";
      item.setAttribute("role", "menuitem");
      item.textContent = label;
      item.addEventListener("click", () => { this.closeMenu(); action(); });
      this.menu.append(item);
    }
    this.menu.addEventListener("keydown", (event) => this.menuKey(event));
    this.saving = new SaveBox(this);
    this.root.querySelector(".xl-head").append(this.menu, this.saving.root);
  }

  openMenu() {
    this.saving.close();
    this.menu.hidden = false;
    this.menu.lastChild.hidden = !this.data.take;
    this.tools.menu.setAttribute("aria-expanded", "true");
    this.menu.firstChild.focus();
  }

  closeMenu() {
    this.menu.hidden = true;
    this.tools.menu.setAttribute("aria-expanded", "false");
  }

  menuKey(event) {
    const items = [...this.menu.children].filter((item) => !item.hidden), at = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) items[(at + step + items.length) % items.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") { this.closeMenu(); this.tools.menu.focus(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /* New data from Python, or a new theme. */
  update(data, setTriggerValue) {
    this.data = data;
    this.trigger = setTriggerValue;
    this.root.dataset.name = data.name;
    if (data.csv && !CSV_DONE.has(data.csv.number)) {
      CSV_DONE.add(data.csv.number);
      this.save(new Blob(["\ufeff", data.csv.text], { type: "text/csv;charset=utf-8" }), "csv");
    }
    this.saving.offer(data.offers_pdf);
    if (data.pdf) this.saving.came(data.pdf);
    this.theme = readTheme(this.host);
    const { csv, pdf, colouring, ...shown } = data; // whose content `points` names
    const wanted = JSON.stringify([shown, this.theme]);
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.revision += 1;
    this.plot.style.height = `${data.height}px`;
    this.read();
    const fault = (error) => this.fault(error.message);
    loadLibrary().then(() => { TURN = TURN.then(() => this.drawInTurn()).catch(fault); }, fault);
  }

  /* What is known before plotly.js is there: the figure, its texts, its tools. */
  read() {
    const figure = JSON.parse(this.data.figure);
    delete figure.layout.template;
    delete figure.layout.width;
    delete figure.layout.height;
    const title = figure.layout.title ?? {};
    delete figure.layout.title;
    this.title = plainText(title.text);
    this.subtitle = plainText(title.subtitle?.text);
    this.axesShow = `${this.data.name}|${figure.layout.uirevision ?? ""}`;
    applyColours(figure, this.theme.dark);
    this.figure = figure;
    for (const [name, text] of [["title", this.title], ["subtitle", this.subtitle]]) {
      const node = this.root.querySelector(`.xl-${name}`);
      node.textContent = text;
      node.title = text; // whole where it is cut
    }
    this.root.setAttribute("aria-label", [this.title, this.subtitle].filter(Boolean).join(". ") || this.data.name);
    const selects = this.data.select;
    for (const name of ["zoom", "select", "lasso"]) this.tools[name].hidden = !selects && !(name === "zoom" && BY_FINGER.matches);
    const usual = BY_FINGER.matches ? false : selects ? figure.layout.dragmode ?? "zoom" : "zoom";
    this.tool = TOOL.get(this.data.name) ?? usual;
    this.showTools();
    this.keepRoom();
  }

  /* The head is as high as it ever was at this width, so that a title which wraps, or no longer does, moves no picture. */
  keepRoom() {
    const head = this.root.querySelector(".xl-head"), key = `${this.data.name}|${head.clientWidth}`;
    head.style.minHeight = "";
    if (!head.clientWidth) return;
    HEAD.set(key, Math.max(HEAD.get(key) ?? 0, head.offsetHeight));
    head.style.minHeight = `${HEAD.get(key)}px`;
  }

  showTools() {
    for (const name of ["zoom", "select", "lasso"]) this.tools[name].setAttribute("aria-pressed", String(this.tool === name));
    this.tools.reset.hidden = !ZOOM.has(this.axesShow);
  }

  layout(width = this.plot.clientWidth) {
    const layout = structuredClone(this.figure.layout);
    layout.template = template(this.theme);
    layout.autosize = true;
    layout.dragmode = this.tool;
    layout.uirevision = this.axesShow;
    layout.editrevision = this.revision; // the draggable line stands where Python says
    for (const axis of new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))])) {
      layout[axis] = { ...layout[axis], uirevision: this.revision }; // ranges are kept in ZOOM, nowhere else
    }
    for (const [axis, range] of Object.entries(ZOOM.get(this.axesShow) ?? {})) {
      layout[axis] = { ...layout[axis], range: [...range], autorange: false };
    }
    if (this.data.points?.scale) layout.coloraxis = { ...layout.coloraxis, colorscale: pointScale(this.theme.dark) };
    fitTexts(layout, width, this.data.height, this.theme.font);
    if (this.data.drag !== null) layout.shapes = [uprightLine(this.data.drag, this.theme)];
    if (this.data.selection !== undefined) {
      layout.selections = this.data.selection ? [drawnRegion(this.data.selection, this.theme)] : [];
      layout.selectionrevision = this.revision; // so does the selection
    }
    return layout;
  }

  /* What is on screen is drawn first, one figure after the other is painted; the rest waits until that has been. */
  drawInTurn() {
    const { top, bottom } = this.plot.getBoundingClientRect(), revision = this.revision;
    const still = () => { if (revision === this.revision) this.draw(); };
    if (top >= innerHeight || bottom <= 0) return afterPaint(still);
    still();
    return new Promise(afterPaint);
  }

  draw() {
    if (this.gone) return;
    if (!this.plot.clientWidth) { this.waiting = true; return; } // a hidden tab: drawn once it has a width
    this.waiting = false;
    if (this.data.points && !this.showPoints()) return;
    this.busy = true; // plotly reports its own redraw as if a person had acted
    const config = { displayModeBar: false, displaylogo: false, responsive: false, doubleClick: false, scrollZoom: false,
      edits: { shapePosition: this.data.drag !== null } };
    const revision = this.revision;
    const figure = [structuredClone(this.figure.data), this.layout(), config];
    new Promise((resolve) => resolve(self.Plotly.react(this.plot, ...figure))).then(() => {
      if (this.gone || revision !== this.revision) return;
      this.busy = false;
      if (!this.listening) this.listen();
      this.cloud?.paint();
      this.width = this.plot.clientWidth;
      this.fault("");
      this.root.dataset.drawn = String(++this.drawn);
    }).catch((error) => { this.busy = false; this.fault(`This figure could not be drawn: ${error.message}`); });
  }

  /* Whether the points have come that the figure shows: the element that brings them may be drawn later. */
  showPoints() {
    const held = unpacked(this.data.points.content);
    this.lacking = !held;
    if (held) {
      this.cloud ??= new Cloud(this.stage, this.plot);
      this.cloud.show(this.data.points, held, this.data.colouring, this.theme);
    }
    return held;
  }

  /* A press that goes nowhere is a click on the nearest point; it waits for a second one where a double click takes something back. */
  pressed(event) {
    const press = (this.presses = (this.presses ?? 0) + 1), second = event.timeStamp - (this.clickedAt ?? -Infinity) < 400;
    const heard = !second && this.cloud && this.data.points.click && event.button === 0 && event.target.closest(".draglayer");
    const at = heard ? this.cloud.nearest(event) : -1, { clientX, clientY } = event;
    if (heard) this.cloud.hide();
    document.addEventListener("pointerup", (up) => {
      if (Math.hypot(up.clientX - clientX, up.clientY - clientY) > 3) return; // a drag, which is no first half of a double click
      this.clickedAt = up.timeStamp;
      if (at < 0) return;
      const takesBack = ZOOM.has(this.axesShow) || this.data.selection;
      const send = () => { if (press === this.presses && !this.gone) this.send("point", at); };
      if (takesBack) setTimeout(() => afterPaint(send), 300); // what was pressed meanwhile is heard before the page is painted
      else send();
    }, { capture: true, once: true });
  }

  fault(message) {
    const box = this.root.querySelector(".xl-fault");
    box.textContent = message;
    box.hidden = !message;
  }

  listen() {
    this.listening = true;
    this.plot.on("plotly_click", (event) => this.clicked(event));
    this.plot.on("plotly_selected", (event) => this.selected(event));
    this.plot.on("plotly_deselect", () => this.deselected());
    this.plot.on("plotly_relayout", (event) => this.relaidOut(event));
    this.plot.on("plotly_relayouting", () => requestAnimationFrame(() => this.cloud?.paint())); // while an axis is dragged
    this.plot.on("plotly_afterplot", () => this.cloud?.paint());
    this.plot.on("plotly_doubleclick", () => { if (this.tool === "zoom") this.resetZoom(); });
  }

  send(event, value) { this.trigger(event, { value }); }

  clicked(event) {
    const point = event?.points?.[0];
    if (!this.data.click || !point) return;
    const cell = Array.isArray(point.pointNumber) ? point.pointNumber : [null, null];
    const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value ?? null);
    this.send("click", {
      curve: plainText(point.data.name ?? ""), number: point.curveNumber, x: plain(point.x), y: plain(point.y), z: plain(point.z),
      row: cell[0], column: cell[1], customdata: plain(point.customdata),
      points: (point.pointNumbers ?? (Array.isArray(point.pointNumber) ? [] : [point.pointNumber])).slice(0, 1000),
    });
  }

  selected(event) {
    if (this.busy || !this.data.select || !event) return;
    const shape = event.lassoPoints ?? event.range;
    if (!shape) return; // fired by a redraw
    const axis = (letter) => shape[Object.keys(shape).find((name) => name.startsWith(letter))];
    let [x, y] = [[...axis("x")], [...axis("y")]];
    const { xaxis, yaxis } = this.plot._fullLayout, round = { x: rounded(xaxis), y: rounded(yaxis) };
    if (event.lassoPoints) [x, y] = this.thinned(x, y);
    else [x, y] = [x, y].map((pair) => pair.sort((a, b) => a - b));
    if (![...x, ...y].every((value) => Number.isFinite(Number(value)))) return;
    this.send("select", { kind: event.lassoPoints ? "lasso" : "box", x: x.map(round.x), y: y.map(round.y) });
  }

  deselected() {
    if (!this.busy && this.data.select) this.send("select", null);
  }

  /* A lasso has a vertex per mouse event; the fewest that stay within half a pixel of it go into the address. */
  thinned(x, y) {
    const { xaxis, yaxis } = this.plot._fullLayout;
    const points = x.map((value, i) => [xaxis.d2p(value), yaxis.d2p(y[i]), i]);
    for (let tolerance = 0.5; ; tolerance *= 1.6) {
      const kept = simplified(points, tolerance);
      if (kept.length <= SELECTION_VERTICES) return [kept.map((p) => x[p[2]]), kept.map((p) => y[p[2]])];
    }
  }

  relaidOut(event) {
    if (this.busy || event.autosize !== undefined) return;
    const names = Object.keys(event);
    if (names.some((name) => name.startsWith("shapes["))) this.dragged(event);
    const zoom = { ...ZOOM.get(this.axesShow) };
    for (const name of names) {
      const parts = /^([xy]axis\d*)\.(range|autorange)/.exec(name);
      if (!parts) continue;
      if (parts[2] === "range") zoom[parts[1]] = [...this.plot.layout[parts[1]].range];
      else delete zoom[parts[1]];
    }
    if (Object.keys(zoom).length) ZOOM.set(this.axesShow, zoom);
    else ZOOM.delete(this.axesShow);
    this.showTools();
  }

  dragged(event) {
    if (this.data.drag === null) return;
    const moved = ["shapes[0].x0", "shapes[0].x1"].map((name) => event[name]).filter((x) => x !== undefined && x !== this.data.drag);
    const shape = uprightLine(moved.length ? Number(moved[0]) : this.data.drag, this.theme);
    this.busy = true; // a line that was tilted or moved up stands upright again
    self.Plotly.relayout(this.plot, { shapes: [shape] }).finally(() => { this.busy = false; });
    if (moved.length && Number.isFinite(shape.x0)) this.send("drag", Number(shape.x0.toPrecision(5)));
  }

  take(named) {
    const name = BY_FINGER.matches && this.tool === named ? false : named; // laid down again
    this.tool = name;
    TOOL.set(this.data.name, name);
    this.showTools();
    if (!this.listening) return; // not drawn yet: it will be, with this tool
    this.busy = true;
    self.Plotly.relayout(this.plot, { dragmode: name }).finally(() => { this.busy = false; });
  }

  resetZoom() {
    ZOOM.delete(this.axesShow);
    this.showTools();
    this.revision += 1;
    this.draw();
  }

  resized() {
    if (this.gone || !this.plot.clientWidth || !self.Plotly) return;
    if (this.waiting) this.draw();
    else if (this.listening && this.plot.clientWidth !== this.width) {
      this.width = this.plot.clientWidth;
      this.keepRoom();
      self.Plotly.Plots.resize(this.plot).then(() => this.draw(), () => {}); // hidden again meanwhile: the next width redraws it
    }
  }

  /* What a picture of it is made of: the figure as Python made it, the zoom and the regions that are on screen. */
  source() {
    return {
      figure: JSON.parse(this.data.figure), height: this.data.height, ranges: ZOOM.get(this.axesShow), line: this.data.drag,
      region: this.data.selection, points: this.cloud?.vectors(),
    };
  }

  /* A file of the picture: SVG, or PNG with so many dots an inch, which holds all points. */
  async picture(size, dots) {
    const whole = dots && this.cloud ? (layout, scale) => this.cloud.layer(layout, (scale * dots) / 72) : null;
    const made = await picture(this.source(), size, this.data.about, whole);
    return dots ? pixels(made, dots) : new Blob([made.text], { type: "image/svg+xml" });
  }

  pdf(size) { this.send("pdf", { ...size, ranges: ZOOM.get(this.axesShow) ?? {} }); }

  save(blob, extension) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${this.data.about.file}.${extension}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  remove() {
    this.gone = true;
    this.observer.disconnect();
    document.removeEventListener("pointerdown", this.onOutside, true);
    removeEventListener("exitlens-points", this.onPoints);
    if (self.Plotly && this.listening) self.Plotly.purge(this.plot);
  }
}

/* To five digits, or as many more as a tenth of a pixel takes where the axis is zoomed far in. */
function rounded(axis) {
  const [low, high] = axis.range.map(Number), tenth = Math.abs(high - low) / (10 * axis._length);
  const digits = Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high)) / tenth));
  return (value) => Number(Number(value).toPrecision(Math.min(Math.max(5, digits || 5), 12)));
}

function afterPaint(action) { // a page in the background paints nothing: the timer sees to it then
  let done = false;
  const once = () => { if (!done) { done = true; action(); } };
  requestAnimationFrame(() => setTimeout(once));
  setTimeout(once, 500);
}

/* Ramer, Douglas and Peucker: the polygon within `tolerance` of the one that was drawn. */
function simplified(points, tolerance) {
  if (points.length < 4) return points;
  const keep = new Uint8Array(points.length);
  keep[0] = keep[points.length - 1] = 1;
  const open = [[0, points.length - 1]];
  while (open.length) {
    const [first, last] = open.pop();
    let farthest = 0, at = -1;
    for (let i = first + 1; i < last; i++) {
      const distance = toSegment(points[i], points[first], points[last]);
      if (distance > farthest) [farthest, at] = [distance, i];
    }
    if (farthest > tolerance) { keep[at] = 1; open.push([first, at], [at, last]); }
  }
  return points.filter((_, i) => keep[i]);
}

function toSegment([px, py], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay], length = dx * dx + dy * dy;
  const along = length ? Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / length)) : 0;
  return Math.hypot(px - ax - along * dx, py - ay - along * dy);
}

export default function ({ data, parentElement, setTriggerValue }) {
  let chart = CHARTS.get(parentElement);
  if (!chart) CHARTS.set(parentElement, (chart = new Chart(parentElement)));
  chart.update(data, setTriggerValue);
  return () => { chart.remove(); CHARTS.delete(parentElement); };
}
