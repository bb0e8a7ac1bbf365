/* The canvas behind plotly's axes: every point of a figure, drawn where the axes of the moment put it.
 *
 * Joined before `chart.js`, after `picture.js`. Places and texts come once, as Arrow tables, by elements of their own (`STORE` in
 * `chart.py`), which keep them in `exitlensPoints`; a chart names the content it shows. Of the colours only a code for each point
 * travels again.
 */
const BROUGHT = (self.exitlensPoints ??= new Map()); // element -> {content, table}
const UNPACKED = new WeakMap(); // Arrow table -> {x, y}
const CATCH = 9; // pixels between the pointer and the point it means

function unpacked(content) {
  const held = [...BROUGHT.values()].find((one) => one.content === content);
  if (!held) return null;
  if (!UNPACKED.has(held.table)) {
    UNPACKED.set(held.table, { table: held.table, x: held.table.getChild("x").toArray(), y: held.table.getChild("y").toArray() });
  }
  return UNPACKED.get(held.table);
}

/* Of a disc's pixels, the row and column from its middle and how much of each it covers, in 256ths. */
function disc(radius, opacity) {
  const reach = Math.ceil(radius), offsets = [];
  for (let row = -reach; row <= reach; row++) {
    for (let column = -reach; column <= reach; column++) {
      const cover = Math.max(0, Math.min(1, radius + 0.5 - Math.hypot(row, column))) * opacity;
      if (cover > 0.02) offsets.push([row, column, Math.round(cover * 256)]);
    }
  }
  return { reach, offsets };
}

class Cloud {
  constructor(stage, plot) {
    this.plot = plot;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "xl-points";
    this.canvas.setAttribute("aria-hidden", "true");
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.tip = document.createElement("div");
    this.tip.className = "xl-tip";
    this.tip.setAttribute("role", "tooltip");
    this.tip.hidden = true;
    stage.prepend(this.canvas);
    stage.append(this.tip);
  }

  remove() { this.canvas.remove(); this.tip.remove(); }

  /* What is drawn: `about` says how, `held` where, `colouring` holds a code for each point and which are selected. */
  show(about, held, colouring, theme) {
    if (about.content === this.about?.content && about.colouring === this.about.colouring && theme === this.theme) return;
    Object.assign(this, { about, held, theme, colouring, ...pointColours(about, theme) });
    this.codes = colouring.getChild("code").toArray();
    this.kept = colouring.getChild("kept")?.toArray() ?? null;
    this.painted = "";
    this.hide();
  }

  /* From data to pixels of the plot area: plotly's own axes, which are linear. */
  axes({ xaxis, yaxis } = this.plot._fullLayout) {
    const of = (axis) => ({ from: axis._offset, length: axis._length, zero: axis.l2p(0), unit: axis.l2p(1) - axis.l2p(0) });
    return { x: of(xaxis), y: of(yaxis) };
  }

  enlarged() { return this.plot.getBoundingClientRect().width / this.plot.offsetWidth || 1; } // by a transformation, as on a slide

  paint() {
    if (!this.held || !this.plot._fullLayout?.xaxis) return;
    const { x: across, y: up } = this.axes(), ratio = (devicePixelRatio || 1) * this.enlarged();
    const state = JSON.stringify([across, up, ratio]);
    if (state === this.painted) return;
    this.painted = state;
    const width = Math.max(1, Math.round(across.length * ratio)), height = Math.max(1, Math.round(up.length * ratio));
    Object.assign(this.canvas, { width, height });
    const left = Math.round(across.from * ratio) / ratio, top = Math.round(up.from * ratio) / ratio;
    Object.assign(this.canvas.style, { left: `${left}px`, top: `${top}px`, width: `${width / ratio}px`, height: `${height / ratio}px` });
    this.context.putImageData(this.image(width, height, ratio), 0, 0);
  }

  image(width, height, ratio) {
    const { x: across, y: up } = this.axes(), { x, y } = this.held, { codes, kept, palette } = this;
    const image = new ImageData(width, height), pixels = new Uint32Array(image.data.buffer);
    const packed = ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r; // little-endian, as every browser's machine is
    pixels.fill(packed(rgb(this.theme.background)));
    const spot = disc((this.about.size / 2) * ratio, this.about.opacity), reach = spot.reach;
    const rows = Int32Array.from(spot.offsets, (one) => one[0]), columns = Int32Array.from(spot.offsets, (one) => one[1]);
    const shift = Int32Array.from(spot.offsets, (one) => one[0] * width + one[1]), cover = Int32Array.from(spot.offsets, (one) => one[2]);
    const a = across.unit * ratio, b = across.zero * ratio, c = up.unit * ratio, d = up.zero * ratio, parts = shift.length;
    const draw = (i, [red, green, blue]) => {
      const column = Math.round(a * x[i] + b), row = Math.round(c * y[i] + d);
      if (!(column >= -reach && row >= -reach && column < width + reach && row < height + reach)) return; // NaN too
      const whole = column >= reach && row >= reach && column < width - reach && row < height - reach, start = row * width + column;
      for (let k = 0; k < parts; k++) {
        if (!whole && (column + columns[k] < 0 || column + columns[k] >= width || row + rows[k] < 0 || row + rows[k] >= height)) continue;
        const at = start + shift[k], old = pixels[at], t = cover[k], r = old & 255, g = (old >> 8) & 255, p = (old >> 16) & 255;
        pixels[at] = (255 << 24) | ((p + (((blue - p) * t) >> 8)) << 16) | ((g + (((green - g) * t) >> 8)) << 8) | (r + (((red - r) * t) >> 8));
      }
    };
    if (kept) for (let i = 0; i < x.length; i++) if (!kept[i]) draw(i, this.dimmed);
    if (this.about.rest !== null) for (let i = 0; i < x.length; i++) if (codes[i] === this.about.rest && (!kept || kept[i])) draw(i, palette[codes[i]]);
    for (let i = 0; i < x.length; i++) if (codes[i] !== this.about.rest && (!kept || kept[i])) draw(i, palette[codes[i]]);
    return image;
  }

  place(event) { // within the plot area, in pixels; null outside it
    const box = this.plot.getBoundingClientRect(), { x: across, y: up } = this.axes();
    const larger = this.enlarged(), [x, y] = [(event.clientX - box.left) / larger - across.from, (event.clientY - box.top) / larger - up.from];
    return x >= 0 && y >= 0 && x <= across.length && y <= up.length ? [x, y] : null;
  }

  nearest(event) { // the index of the point that the pointer means; of those that are selected, where some are
    const spot = this.held && this.plot._fullLayout?.xaxis ? this.place(event) : null;
    if (!spot) return -1;
    const { x: across, y: up } = this.axes(), { x, y } = this.held, seen = this.kept;
    let found = -1, least = CATCH * CATCH;
    for (const dimmed of seen ? [false, true] : [false]) {
      for (let i = 0; i < x.length; i++) {
        if (seen && !seen[i] !== dimmed) continue;
        const dx = across.unit * x[i] + across.zero - spot[0], dy = up.unit * y[i] + up.zero - spot[1], distance = dx * dx + dy * dy;
        if (distance <= least) [found, least] = [i, distance]; // of equally near ones the last, which lies on top
      }
      if (found >= 0) break;
    }
    return found;
  }

  tell(i) {
    const value = (column) => (this.held.table.getChild(column) ?? this.colouring.getChild(column)).get(i);
    const lines = this.about.lines.map(([before, column, after]) => {
      const shown = column === null ? "" : value(column);
      if (shown === null || Number.isNaN(shown)) return null;
      return `${before}${typeof shown === "number" ? Number(shown.toPrecision(4)) : typeof shown === "boolean" ? (shown ? "yes" : "no") : shown}${after}`;
    });
    return lines.filter((line) => line !== null).join("\n");
  }

  hover(event) {
    const at = event.buttons ? -1 : this.nearest(event);
    this.plot.classList.toggle("xl-over", at >= 0 && this.about.click);
    if (at < 0) { this.hide(); return; }
    if (at !== this.at) {
      this.tip.textContent = this.tell(at);
      this.tip.hidden = false;
      this.at = at;
    }
    const { x: across, y: up } = this.axes(), [width, height] = [this.tip.offsetWidth, this.tip.offsetHeight];
    const x = across.from + across.unit * this.held.x[at] + across.zero, y = up.from + up.unit * this.held.y[at] + up.zero;
    const beside = x + 14 + width <= this.plot.clientWidth ? x + 14 : Math.max(0, x - 14 - width);
    Object.assign(this.tip.style, { left: `${beside}px`, top: `${Math.max(0, Math.min(y - height / 2, this.plot.clientHeight - height))}px` });
  }

  hide() {
    this.at = -1;
    this.tip.hidden = true;
    this.plot.classList.remove("xl-over");
  }

  /* What a picture of vectors takes of it. */
  vectors() { return { about: this.about, x: this.held.x, y: this.held.y, codes: this.codes, kept: this.kept }; }

  /* For a picture of pixels on paper: all of them, in the axes of another layout, `scale` times as many pixels. */
  layer(layout, scale) {
    const printed = Object.assign(Object.create(this), { theme: PAPER, axes: () => this.axes(layout), ...pointColours(this.about, PAPER) });
    const { x: across, y: up } = printed.axes(), canvas = document.createElement("canvas");
    Object.assign(canvas, { width: Math.round(across.length * scale), height: Math.round(up.length * scale) });
    canvas.getContext("2d").putImageData(printed.image(canvas.width, canvas.height, scale), 0, 0);
    return canvas.toDataURL();
  }
}
