/* The browser's half of a presentation. Joined after the chart component's script, whose `showChart` draws each figure.
 *
 * Keys count here by absolute numbers and never wait for the server: the screen's number goes straight into the address, and the
 * server hears of it when the presentation is left. A screen is laid out on a page of its own size, which is then enlarged as a whole.
 */
const NEXT = new Set(["ArrowRight", "ArrowDown", "PageDown", " ", "Enter"]), BACK = new Set(["ArrowLeft", "ArrowUp", "PageUp", "Backspace"]);
const NARROWEST = 800, WIDEST = 1200; // pixels of a screen's own page: the wider, the smaller its type
const AROUND = 0.18, HEADED = 0.06; // of a screen's width: the height of what is not the figure's plot, and of a sentence
const SQUEEZED = 0.8; // of the height that a figure was made for: larger type for little less room
const LONG = 120; // characters of a sentence from which its type is smaller
const STAGES = new WeakMap(); // mount point -> stage

function element(kind, name, text = "") {
  const made = document.createElement(kind);
  made.className = name;
  made.textContent = text;
  return made;
}

function unpackedBytes(text, Kind) {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  return new Kind(bytes.buffer);
}

/* Columns as the chart's script reads an Arrow table's. */
const tableOf = (columns) => ({ getChild: (name) => (columns[name] ? { toArray: () => columns[name], get: (i) => columns[name][i] } : null) });

class Stage {
  constructor(host) {
    this.host = host;
    this.root = element("dialog", "xl-show");
    this.root.setAttribute("role", "dialog"); // the page's own keys are silent while there is one
    this.stage = element("div", "xl-show-stage");
    this.stage.tabIndex = -1;
    this.number = element("div", "xl-show-number");
    this.number.setAttribute("aria-live", "polite");
    this.root.append(this.stage);
    host.append(this.root);
    this.root.addEventListener("keydown", (event) => this.pressed(event));
    this.root.addEventListener("cancel", (event) => { event.preventDefault(); this.leave(); });
    this.observer = new ResizeObserver(() => this.arrange());
    this.observer.observe(this.stage);
  }

  update(data, trigger) {
    this.trigger = trigger;
    const look = JSON.stringify([data.content, readTheme(this.host)]);
    if (look !== this.look) {
      this.look = look;
      this.screens = data.screens;
      this.root.setAttribute("aria-label", data.name);
      this.build();
      this.show(this.at ?? data.at);
    }
    if (!this.root.open && !this.left) { this.root.showModal(); this.stage.focus(); }
  }

  build() {
    this.clear();
    this.pages = this.screens.map((screen) => ({ screen, node: null }));
    this.stage.replaceChildren(this.number);
  }

  clear() {
    for (const page of this.pages ?? []) page.unmount?.();
    for (const holder of this.brought ?? []) BROUGHT.delete(holder);
    this.brought = [];
  }

  /* A screen's elements, once; its figure is drawn at once, also while another screen is shown. */
  made(at) {
    const page = this.pages[at];
    if (!page || page.node) return page;
    const { screen } = page, node = (page.node = element("section", "xl-screen"));
    if (screen.heading) node.append(element("h2", "", screen.heading));
    if (screen.lines.length) {
      const lines = element("div", "xl-screen-lines");
      lines.append(...screen.lines.map((line) => element("div", "", line)));
      node.append(lines);
    }
    node.classList.toggle("xl-said", Boolean(screen.heading));
    node.classList.toggle("xl-alone", !screen.chart);
    node.classList.toggle("xl-long", [screen.heading, ...screen.lines].join("").length > LONG);
    if (screen.chart) {
      const body = element("div", "xl-screen-body");
      page.host = element("div", "xl-screen-chart");
      page.host.append(element("div", "xl-chart"));
      body.append(page.host);
      if (screen.pictures.length) body.append(this.pictures(page));
      node.append(body);
      this.bring(screen.chart);
    }
    if (screen.about) node.append(element("div", "xl-screen-about", screen.about));
    this.stage.insertBefore(node, this.number);
    this.fit(page);
    return page;
  }

  pictures(page) {
    page.gallery = element("div", "xl-screen-pictures");
    for (const { image, title, note } of page.screen.pictures) {
      const figure = element("figure", ""), caption = element("figcaption", "", title);
      if (image) {
        const picture = element("img", "");
        picture.src = image;
        picture.alt = title;
        figure.append(picture);
      }
      caption.append(element("span", "", note));
      figure.append(caption);
      page.gallery.append(figure);
    }
    return page.gallery;
  }

  /* The points of a figure, to where the chart's script looks for them. */
  bring(chart) {
    if (!chart.packed) return;
    const { x, y, codes, kept, columns } = chart.packed, places = { x: unpackedBytes(x, Float32Array), y: unpackedBytes(y, Float32Array), ...columns };
    chart.colouring = tableOf({ code: unpackedBytes(codes, Uint8Array), ...(kept ? { kept: unpackedBytes(kept, Uint8Array) } : {}) });
    const holder = {};
    BROUGHT.set(holder, { content: chart.points.content, table: tableOf(places) });
    this.brought.push(holder);
  }

  /* A screen's own page: as wide as lets its figure be as high as it was made for, then enlarged to the window. */
  fit(page) {
    const { node, screen, host, gallery } = page, { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !height) return;
    const share = Math.max(0.1, height / width - AROUND - (screen.heading ? HEADED : 0));
    const wanted = screen.chart ? (SQUEEZED * screen.chart.height) / share : NARROWEST;
    const own = Math.min(WIDEST, Math.max(NARROWEST, wanted)), larger = width / own;
    Object.assign(node.style, { width: `${own}px`, height: `${height / larger}px`, fontSize: `${own / 50}px`, transform: `scale(${larger})` });
    if (gallery) this.fitPictures(gallery, own);
    if (!screen.chart) return;
    const { packed, ...chart } = screen.chart, draw = (high) => {
      page.unmount = showChart({ data: { ...chart, height: high }, parentElement: host, setTriggerValue: () => {} });
    };
    if (!page.unmount) draw(chart.height); // its texts are set at once, and tell the room that is left
    const room = host.clientHeight - host.querySelector(".xl-head").offsetHeight;
    draw(Math.max(120, Math.floor(room)));
  }

  fitPictures(gallery, own) {
    const count = gallery.children.length, columns = count > 6 ? 4 : Math.min(count, 3), em = own / 50;
    const across = (0.36 * own) / columns - em, down = gallery.parentElement.clientHeight / Math.ceil(count / columns) - 2.9 * em;
    const side = Math.max(3 * em, Math.min(across, down));
    gallery.style.setProperty("--side", `${side}px`);
    gallery.style.gridTemplateColumns = `repeat(${columns}, ${Math.max(side, 6.5 * em)}px)`;
  }

  arrange() { for (const page of this.pages ?? []) if (page.node) this.fit(page); }

  show(to) {
    this.at = Math.max(0, Math.min(to, this.pages.length - 1));
    const shown = this.made(this.at);
    for (const { node } of this.pages) {
      node?.classList.toggle("xl-on", node === shown.node);
      if (node) node.inert = node !== shown.node;
    }
    this.number.textContent = `${this.at + 1} / ${this.pages.length}`;
    const url = new URL(location.href);
    if (this.at) url.searchParams.set("screen", this.at + 1);
    else url.searchParams.delete("screen");
    history.replaceState(history.state, "", url);
    clearTimeout(this.ahead);
    this.ahead = setTimeout(() => { if (!this.left) [this.at + 1, this.at - 1].forEach((at) => this.made(at)); }, 150);
  }

  pressed(event) {
    event.stopPropagation(); // Streamlit has keys of its own
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const back = BACK.has(event.key) || (event.key === " " && event.shiftKey);
    const to = back ? this.at - 1 : NEXT.has(event.key) ? this.at + 1 : { Home: 0, End: this.pages.length - 1 }[event.key];
    if (to !== undefined) this.show(to);
    else if (event.key === "f" || event.key === "F") this.fillScreen();
    else return;
    event.preventDefault();
  }

  fillScreen() {
    const done = document.fullscreenElement ? document.exitFullscreen() : this.stage.requestFullscreen();
    done.then(() => this.stage.focus(), () => {}); // a browser that allows none
  }

  /* Back to the controls: the address says so before the server hears of it, which then takes it from there. */
  leave() {
    this.left = true;
    this.root.close();
    if (document.fullscreenElement) document.exitFullscreen();
    const url = new URL(location.href);
    url.searchParams.delete("presenting");
    history.replaceState(history.state, "", url);
    this.trigger("leave", this.at + 1);
  }

  remove() {
    this.left = true;
    clearTimeout(this.ahead);
    this.observer.disconnect();
    this.clear();
    if (this.root.open) this.root.close();
    this.root.remove();
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".xl-show-host");
  let stage = STAGES.get(parentElement);
  if (!stage) STAGES.set(parentElement, (stage = new Stage(host)));
  stage.update(data, setTriggerValue);
  return () => { stage.remove(); STAGES.delete(parentElement); };
}
