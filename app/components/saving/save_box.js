/* How a figure is saved as a picture: its width, its text, its title, its format. Joined before `chart.js`.
 *
 * What was chosen last holds for every figure of the page until it is left.
 */
const SIZES = __SIZES__; // of paper and slides: {id, label, width, font, height}, in points
const UNITS = __UNITS__; // unit -> points
const BOUNDS = __BOUNDS__; // {width: [least, most], font: [least, most]}, in points
const DOTS = 300; // per inch, of a PNG
const CHOSEN = { id: SIZES[0].id, typed: "3.25in", font: SIZES[0].font, title: true };
const PDF_DONE = new Set(); // numbers of PDFs that have come already

class SaveBox {
  /* `chart` gives `picture(size, dots)`, a promise of a file, `pdf(size)`, which asks the server, and `save(blob, ending)`. */
  constructor(chart) {
    this.chart = chart;
    this.root = document.createElement("form");
    this.root.className = "xl-save";
    this.root.hidden = true;
    this.root.noValidate = true;
    this.root.setAttribute("role", "dialog");
    this.root.setAttribute("aria-label", "Save this picture");
    const options = [...SIZES, { id: "typed", label: "Another width" }].map(({ id, label }) => `<option value="${id}">${label}</option>`);
    this.root.innerHTML =
      `<label>Size<select name="size">${options.join("")}</select></label>` +
      '<label>Width<input name="typed" type="text" size="8" autocomplete="off" title="A number with in, mm, cm or pt"></label>' +
      '<label>Text, pt<input name="font" type="number" step="0.5"></label>' +
      '<label class="xl-check"><input name="title" type="checkbox">With its title</label>' +
      '<div class="xl-formats"><button type="submit" value="svg">SVG</button><button type="submit" value="pdf">PDF</button>' +
      '<button type="submit" value="png">PNG</button></div><p class="xl-said" role="status"></p>';
    const fields = this.root.elements;
    [this.size, this.typed, this.font, this.title] = ["size", "typed", "font", "title"].map((name) => fields.namedItem(name));
    [this.font.min, this.font.max] = BOUNDS.font;
    this.size.addEventListener("change", () => this.resized());
    this.root.addEventListener("input", () => { this.keep(); this.say(""); });
    this.root.addEventListener("submit", (event) => { event.preventDefault(); this.saveAs(event.submitter?.value ?? "svg"); });
    this.root.addEventListener("keydown", (event) => {
      event.stopPropagation(); // the page's keys mean other things
      if (event.key === "Escape") { event.preventDefault(); this.close(true); }
    });
  }

  offer(pdf) { this.root.querySelector('[value="pdf"]').hidden = !pdf; }

  open() {
    this.root.hidden = false;
    this.size.value = CHOSEN.id;
    this.typed.value = CHOSEN.typed;
    this.font.value = CHOSEN.font;
    this.title.checked = CHOSEN.title;
    this.showWidth();
    this.say("");
    this.size.focus();
  }

  close(back) {
    this.root.hidden = true;
    if (back) this.chart.tools.menu.focus();
  }

  resized() { // a slide's text is no column's: each size comes with its own
    const preset = SIZES.find(({ id }) => id === this.size.value);
    if (preset) this.font.value = preset.font;
    this.keep();
    this.showWidth();
  }

  showWidth() { this.typed.parentNode.hidden = this.size.value !== "typed"; }

  keep() { Object.assign(CHOSEN, { id: this.size.value, typed: this.typed.value, font: this.font.value, title: this.title.checked }); }

  say(text, fault = false) {
    const box = this.root.querySelector(".xl-said");
    box.textContent = text;
    box.classList.toggle("xl-wrong", fault);
  }

  /* What is chosen, in points; an Error that says what is wrong with it. */
  chosen() {
    const preset = SIZES.find(({ id }) => id === this.size.value), font = Number(this.font.value);
    const width = preset ? preset.width : lengthInPoints(this.typed.value);
    for (const [name, value] of [["width", width], ["font", font]]) {
      const [least, most] = BOUNDS[name];
      if (!(value >= least && value <= most)) throw new Error(`${name === "font" ? "Text" : "A width"} of ${least} to ${most} pt can be made.`);
    }
    return { width, font, height: preset?.height ?? null, title: this.title.checked };
  }

  async saveAs(format) {
    try {
      const size = this.chosen();
      if (format === "pdf") {
        this.say("Making the PDF …");
        this.chart.pdf(size);
        return;
      }
      const made = await this.chart.picture(size, format === "png" ? DOTS : null);
      this.chart.save(made, format);
      this.close(true);
    } catch (error) {
      this.say(error.message, true);
    }
  }

  /* A PDF, or why there is none, has come from the server. */
  came({ number, text, fault }) {
    if (PDF_DONE.has(number)) return;
    PDF_DONE.add(number);
    if (fault) { if (this.root.hidden) this.open(); this.say(fault, true); return; }
    this.chart.save(new Blob([Uint8Array.from(atob(text), (one) => one.charCodeAt(0))], { type: "application/pdf" }), "pdf");
    if (!this.root.hidden) this.close(true);
  }
}

function lengthInPoints(text) {
  const found = /^\s*(\d+(?:\.\d*)?|\.\d+)\s*(pt|in|mm|cm)\s*$/i.exec(text);
  if (!found) throw new Error("A width is a number with in, mm, cm or pt: 3.25in");
  return Number(found[1]) * UNITS[found[2].toLowerCase()];
}
