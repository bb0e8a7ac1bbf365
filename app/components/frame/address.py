"""The button that copies the address of what is on screen: anyone who opens it sees the same."""

import streamlit as st

_SCRIPT = """
async function copy(text) {
  if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea"); // plain http on another machine has no clipboard API
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("not copied");
}
export default function ({ parentElement }) {
  const button = parentElement.querySelector("button"), said = parentElement.querySelector("[role=status]");
  const say = (text) => { said.textContent = text; setTimeout(() => { said.textContent = ""; }, 2500); };
  button.onclick = () => copy(location.href).then(() => say("Copied"), () => say("Copy it from the address bar"));
}
"""
_STYLE = """
.xl-copy { display: flex; gap: 0.6rem; align-items: center; color: var(--st-text-color); }
.xl-copy { font-family: var(--st-font); font-size: 0.875rem; }
.xl-copy button { font: inherit; color: inherit; padding: 0.35rem 0.8rem; cursor: pointer; }
.xl-copy button { background: var(--st-background-color); border: 1px solid var(--st-border-color); }
.xl-copy button { border-radius: var(--st-button-radius, 0.5rem); }
.xl-copy button:hover { border-color: var(--st-primary-color); }
.xl-copy button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
.xl-copy [role=status] { opacity: 0.75; }
"""
_component = st.components.v2.component(
    "exitlens_copy_address",
    html='<div class="xl-copy"><button type="button">Copy address</button><span role="status"></span></div>',
    css=_STYLE,
    js=_SCRIPT,
    isolate_styles=False,
)


def copy_address() -> None:
    """Show the button. The address always restores the view: every control is written to it."""
    _component(key="copy-address")
