/* Completion in Streamlit's own text box of the query: a list below it, of what may stand where the caret is. All texts are set as text. */
const BOX = '[class*="st-key-control-query"] input';
const SHOWN = 40;
const NAME = "`[^`]*`|[\\p{L}_][\\w.-]*";
const WORDS = ["and", "or", "not", "in", "is missing", "is not missing", "true"];
const state = { known: null, list: null, input: null, offers: [], at: 0 };

const clean = (text) => text.replace(/^[`"']|[`"']$/g, "");

/* What is typed just before the caret, and what may come there: [from, [[shown, written, meaning], ...]]. */
function offersAt(text) {
  const known = state.known;
  const bracket = new RegExp(`(${NAME})\\[(\\w*)$`, "u").exec(text);
  if (bracket) {
    const from = text.length - bracket[2].length;
    return [from, known.exits.filter((exit) => exit.startsWith(bracket[2])).map((exit) => [exit, `${exit}]`, "exit"])];
  }
  const clause = text.split(/\b(?:and|or)\b/i).pop();
  const value = new RegExp(`(${NAME})\\s*(?:==|!=|=(?!=)|~|(?:not\\s+)?in\\s*\\((?:[^()]*,)?)\\s*("[^"]*|'[^']*|[^"',()]*)$`, "iu").exec(clause);
  if (value) {
    const column = known.columns.find(([name]) => name === clean(value[1]));
    return [text.length - value[2].length, column?.[4] ? matching(known.values[column[4]], value[2]) : []];
  }
  const token = /(?:"[^"]*|'[^']*|`[^`]*|[\p{L}_][\w.-]*)?$/u.exec(text)[0];
  const from = text.length - token.length, before = text.slice(0, from);
  if (/(?:^|\band\s+|\bor\s+|\bnot\s+|\(\s*)in\s+$/i.test(before)) return [from, matching(known.slices.map((s) => [...s, "slice"]), token)];
  if (!token || /^["']/.test(token)) return [from, []];
  const columns = known.columns.map(([name, written, meaning, exits]) => [name, written, exits ? `${meaning}; ${name}[1] at an exit` : meaning]);
  return [from, matching([...columns, ...WORDS.map((word) => [word, word, ""])], token)];
}

function matching(all, token) {
  const typed = clean(token).toLowerCase();
  const begin = all.filter(([name]) => name.toLowerCase().startsWith(typed));
  const within = typed ? all.filter(([name]) => name.toLowerCase().indexOf(typed) > 0) : [];
  const found = [...begin, ...within].slice(0, SHOWN);
  return found.length === 1 && found[0][1] === token ? [] : found;
}

function close() {
  state.list?.remove();
  state.list = null;
  state.input?.setAttribute("aria-expanded", "false");
}

function open(input) {
  const [from, offers] = offersAt(input.value.slice(0, input.selectionStart));
  close();
  if (!offers.length) return;
  Object.assign(state, { input, offers, from, at: 0 });
  const list = (state.list = document.createElement("ul"));
  list.className = "xl-offers";
  list.id = "xl-offers";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Names that may stand here");
  for (const [place, [name, , meaning]] of offers.entries()) {
    const item = document.createElement("li");
    item.setAttribute("role", "option");
    item.id = `xl-offer-${place}`;
    for (const [tag, said] of [["b", name], ["span", meaning ?? ""]]) {
      const node = document.createElement(tag);
      node.textContent = said;
      item.append(node);
    }
    item.addEventListener("pointerdown", (event) => { event.preventDefault(); take(place); });
    list.append(item);
  }
  const css = getComputedStyle(input.closest('[data-testid="stApp"]') ?? document.body), box = input.getBoundingClientRect();
  const read = (name) => getComputedStyle(state.host).getPropertyValue(`--st-${name}`);
  Object.assign(list.style, { left: `${box.left}px`, top: `${box.bottom + 4}px`, width: `${Math.max(box.width, 320)}px`,
    color: css.color, background: read("background-color"), borderColor: read("border-color"), fontFamily: css.fontFamily });
  list.style.setProperty("--xl-raised", read("secondary-background-color"));
  document.body.append(list);
  input.setAttribute("aria-expanded", "true");
  input.setAttribute("aria-controls", list.id);
  choose(0);
}

function choose(place) {
  state.at = (place + state.offers.length) % state.offers.length;
  [...state.list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === state.at)));
  state.list.children[state.at].scrollIntoView({ block: "nearest" });
  state.input.setAttribute("aria-activedescendant", `xl-offer-${state.at}`);
}

function take(place) {
  const { input, from } = state, written = state.offers[place][1];
  const rest = input.value.slice(input.selectionStart).replace(/^[\w\]"`]*/, "");
  const text = input.value.slice(0, from) + written;
  close();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, text + rest); // past React, which then hears of it
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.setSelectionRange(text.length, text.length);
  close();
}

const inBox = (event) => event.target instanceof Element && event.target.matches(BOX);
const listeners = {
  input: (event) => { if (inBox(event) && event.isTrusted) open(event.target); },
  focusout: (event) => { if (inBox(event)) close(); },
  scroll: (event) => { if (state.list && event.target !== state.list && event.target !== state.input) close(); }, // a long text scrolls in its box
  keydown: (event) => {
    if (!inBox(event) || !state.list) return;
    if (event.key === "ArrowDown") choose(state.at + 1);
    else if (event.key === "ArrowUp") choose(state.at - 1);
    else if (event.key === "Tab") take(state.at);
    else if (event.key === "Escape") close();
    else { if (event.key === "Enter") close(); return; }
    event.preventDefault();
    event.stopPropagation();
  },
};
let mounted = 0;

export default function ({ data, parentElement }) {
  state.known = data;
  state.host = parentElement;
  const input = document.querySelector(BOX);
  input?.setAttribute("autocomplete", "off");
  input?.setAttribute("aria-autocomplete", "list");
  if (!mounted++) for (const [kind, listener] of Object.entries(listeners)) document.addEventListener(kind, listener, true);
  return () => {
    mounted = 0;
    close();
    for (const [kind, listener] of Object.entries(listeners)) document.removeEventListener(kind, listener, true);
  };
}
