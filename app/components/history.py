"""The browser's history: a page is one step back, not two."""

import streamlit as st

_SCRIPT = """<script>
// Streamlit opens a page by its bare path and writes what it shows behind it a moment later: no step of its own.
if (!window.exitlensHistory) {
  window.exitlensHistory = true;
  const push = history.pushState.bind(history);
  history.pushState = (state, unused, url) => {
    const bare = !new URLSearchParams(location.search).has("run");
    const samePage = url && new URL(url, location.href).pathname === location.pathname;
    return bare && samePage ? history.replaceState(state, unused, url) : push(state, unused, url);
  };
}
</script>"""


def one_step_a_page() -> None:
    """See to it, before the page writes its address; takes no room."""
    with st.container(key="history"):
        st.html(_SCRIPT, unsafe_allow_javascript=True)
