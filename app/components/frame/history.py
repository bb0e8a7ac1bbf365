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
  // A fast first run has written it before this script was there: back to the bare path, which is written over.
  const opened = performance.getEntriesByType("navigation")[0]?.name;
  const bareThen = opened && !new URL(opened).searchParams.has("run");
  if (bareThen && new URLSearchParams(location.search).has("run")) history.back();
}
</script>"""


def one_step_a_page() -> None:
    """See to it, before the page writes its address; takes no room."""
    with st.container(key="history"):
        st.html(_SCRIPT, unsafe_allow_javascript=True)
