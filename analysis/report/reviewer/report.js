/* The figures of the report: drawn from the data in the page, dressed for it, again when the switch is moved or the page is printed.
 *
 * Joined after `dress.js`. Print is light, at the width of a page, and shows what the switch shows.
 */
const PRINT_WIDTH = 660; // pixels of an A4 page within its margins
const FIGURES = JSON.parse(document.getElementById("figures").textContent);
const hosts = [...document.querySelectorAll("[data-figure]")];
const poe = document.getElementById("poe");
const dark = matchMedia("(prefers-color-scheme: dark)");
const byFinger = matchMedia("(hover: none) and (pointer: coarse)"); // where what is dragged is the page
let printing = false, turn = 0;

function draw(host) {
  const states = FIGURES[host.dataset.figure], state = poe.checked ? "on" : "off";
  const { data, layout } = structuredClone(states[state] ?? states.on), theme = readTheme(document.body);
  host.setAttribute("aria-label", host.dataset[state]);
  applyColours({ data, layout }, theme.dark);
  layout.width = printing ? PRINT_WIDTH : host.clientWidth;
  layout.template = template(theme);
  layout.dragmode = byFinger.matches ? false : "zoom";
  layout.uirevision = `${host.dataset.figure} ${layout.uirevision ?? ""}`; // zoom stays when the switch is moved
  fitTexts(layout, layout.width, layout.height, theme.font);
  try {
    self.Plotly.react(host, data, layout, { displayModeBar: false, displaylogo: false, showTips: false, doubleClick: "reset" });
    if (!host.dataset.drawn) host.on("plotly_click", opened);
    host.dataset.drawn = state;
    host.dataset.width = layout.width;
  } catch (error) {
    host.textContent = `This figure could not be drawn: ${error.message}`;
  }
}

/* A point that bears a sample's id leads to its card. */
function opened(event) {
  const id = event.points[0]?.customdata?.[0];
  const card = [...document.querySelectorAll("[data-sample]")].find((one) => one.dataset.sample === id);
  const section = event.event?.target?.closest("section");
  const near = card && section ? [...section.querySelectorAll("[data-sample]")].find((one) => one.dataset.sample === id) ?? card : card;
  if (!near) return;
  near.scrollIntoView({ block: "center" });
  near.focus({ preventScroll: true });
}

const onScreen = (host) => { const { top, bottom } = host.getBoundingClientRect(); return top < innerHeight && bottom > 0; };

/* What is on screen is drawn first, the rest one by one, so that the page can be read and scrolled meanwhile. */
function drawAll() {
  const mine = ++turn, [first, rest] = [hosts.filter(onScreen), hosts.filter((host) => !onScreen(host))];
  first.forEach(draw);
  const next = () => {
    if (mine !== turn) return;
    const host = rest.shift();
    if (host) { draw(host); setTimeout(next); }
  };
  setTimeout(next);
}

function print(begins) {
  if (begins === printing) return;
  printing = begins;
  document.documentElement.classList.toggle("printing", begins);
  turn += 1; // what waits is drawn now
  hosts.forEach(draw);
}

poe.addEventListener("change", drawAll);
dark.addEventListener("change", drawAll);
addEventListener("beforeprint", () => print(true));
addEventListener("afterprint", () => print(false));
document.addEventListener("keydown", (event) => {
  if (event.key === "p" && !event.ctrlKey && !event.metaKey && !event.altKey) poe.click();
});
let resizing;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => { if (!printing && hosts.some((host) => Number(host.dataset.width) !== host.clientWidth)) drawAll(); }, 150);
});
drawAll();
