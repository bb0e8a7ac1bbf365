/* The browser's half of the keys. Presses may come faster than the script answers: each one is numbered and says where to go, and what
 * Python shows counts again once it has answered the last one. */
const KEPT = new Map(); // name -> {sent, at, place, poe, focused}: outlives a remount
const QUERY = '[class*="st-key-control-query"] input';
const TYPED = /^(checkbox|radio|button|submit|reset|range|color|file)$/;
const PATIENCE = 5000; // milliseconds: a press that was never answered, as after a lost connection, is forgotten

function silent(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return true;
  const at = event.composedPath()[0];
  if (!(at instanceof Element)) return false;
  if ([...document.querySelectorAll('[role="dialog"]')].some((dialog) => dialog.checkVisibility())) return true; // figures hide theirs
  if (at.isContentEditable || at.matches('textarea, select, [role="combobox"], [role="textbox"], [role="spinbutton"]')) return true;
  if (at.matches("input") && !TYPED.test(at.type)) return true;
  return event.key.startsWith("Arrow") && at.matches('[role="radio"], [role="slider"], [role="tab"], [role="option"], [role="menuitem"], [type="radio"], [type="range"]');
}

function focusQuery(tries = 40) {
  const input = document.querySelector(QUERY);
  if (input) { input.focus(); input.select(); }
  else if (tries) setTimeout(() => focusQuery(tries - 1), 100);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const kept = KEPT.get(data.name) ?? { sent: data.number, at: 0, focused: data.focus };
  KEPT.set(data.name, kept);
  if (data.number === kept.sent || performance.now() - kept.at > PATIENCE) {
    kept.sent = data.number;
    kept.place = data.walk?.place;
    kept.poe = data.poe;
  }
  if (data.focus !== undefined && data.focus !== kept.focused) {
    kept.focused = data.focus;
    focusQuery();
  }
  const send = (event, value) => {
    kept.sent += 1;
    kept.at = performance.now();
    setTriggerValue(event, { value, number: kept.sent });
  };
  const walk = (step) => {
    const to = kept.place === null ? (step > 0 ? 0 : -1) : kept.place + step;
    if (to < 0 || to >= data.walk.count) return;
    kept.place = to;
    send("go", to);
  };
  const actions = data.walk
    ? { ArrowLeft: () => walk(-1), ArrowRight: () => walk(1) }
    : {
        p: () => send("poe", (kept.poe = !kept.poe)),
        "/": () => (document.querySelector(QUERY) ? focusQuery() : setTriggerValue("query", true)),
        f: () => setTriggerValue("slice", true),
        "?": () => setTriggerValue("help", true),
      };
  const pressed = (event) => {
    const action = actions[event.key];
    if (!action || silent(event)) return;
    event.preventDefault();
    action();
  };
  document.removeEventListener("keydown", kept.pressed); // every rerun comes here, and one press is one press
  document.addEventListener("keydown", (kept.pressed = pressed));
  parentElement.querySelector("span").dataset.heard = ""; // from now on
  return () => document.removeEventListener("keydown", pressed);
}
