"""What imports leave behind, taken out of the garbage collector's sight.

Streamlit collects garbage after every run of the script, so also in the middle of a change of pages, and a click waits
while the collector walks every object of pandas, plotly and torch: 110 to 190 ms, and 15 ms once they are frozen.
"""

import gc
import sys

_frozen = {"modules": 0}  # a module's own state: Streamlit executes the main script anew on every run, this file once


def freeze_what_stays() -> bool:
    """Freeze all objects there are, if a module was imported since this last did so.

    Frozen objects are freed as ever when nothing refers to them; only rings of them are not looked for. New modules are
    few, so few objects of a session are ever among them.

    Returns
    -------
    bool
        Whether it froze.
    """
    modules = len(sys.modules)
    if modules == _frozen["modules"]:
        return False
    _frozen["modules"] = modules
    gc.freeze()
    return True
