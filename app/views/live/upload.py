"""The one way to take an image: Streamlit's uploader, which refuses a file in the browser the last one staying.

What it refuses is said in words here, and the last one goes, so that no result stands beside another file's message.
"""

import streamlit as st

from analysis.images.decoding import KINDS, LARGEST_BYTES, named, too_large
from app.components.text import escape

ENDINGS = ("png", "jpg", "jpeg", "webp")
_SCRIPT = """
export default function ({ data, setTriggerValue }) {
  const look = (event) => {
    if (!event.target.closest?.(`.st-key-${data.box}`)) return;
    const refused = [...(event.target.files ?? event.dataTransfer?.files ?? [])].find((file) =>
      file.size > data.largest || !data.endings.includes(file.name.split(".").pop().toLowerCase()));
    if (refused) setTriggerValue("refused", { name: refused.name.slice(0, 200), bytes: refused.size });
  };
  for (const kind of ["change", "drop"]) document.addEventListener(kind, look, true);
  return () => { for (const kind of ["change", "drop"]) document.removeEventListener(kind, look, true); };
}
"""
_watch = st.components.v2.component("exitlens_upload", html="<span></span>", js=_SCRIPT, isolate_styles=False)


def uploaded_image(key: str) -> object | None:
    """The file that was dropped, with `name` and `getvalue`; None where there is none, or it is refused, which is said.

    Parameters
    ----------
    key : str
        Unique in the app: letters, digits and hyphens.
    """
    said, turn = f"{key}:refused", st.session_state.get(f"{key}:turn", 0)
    with st.container(key=f"{key}-box", gap=None):
        file = st.file_uploader(
            f"{named(KINDS)}, at most {LARGEST_BYTES >> 20} MB",
            type=list(ENDINGS),
            max_upload_size=LARGEST_BYTES >> 20,
            key=f"{key}-{turn}",  # another one is empty
            on_change=lambda: st.session_state.pop(said, None),
        )
        _watch(
            key=f"{key}-watch",
            data={"box": f"{key}-box", "largest": LARGEST_BYTES, "endings": ENDINGS},
            on_refused_change=lambda: _refuse(key),
        )
    if said in st.session_state:
        st.error(escape(st.session_state[said]))
    return file


def _refuse(key: str) -> None:
    sent = st.session_state[f"{key}-watch"].get("refused")
    if not isinstance(sent, dict) or not isinstance(sent.get("bytes"), int):
        return
    why = too_large(sent["bytes"]) if sent["bytes"] > LARGEST_BYTES else f"the file is no {named(KINDS)} image"
    st.session_state[f"{key}:refused"] = f"{sent.get('name')}: {why}."
    st.session_state[f"{key}:turn"] = st.session_state.get(f"{key}:turn", 0) + 1
