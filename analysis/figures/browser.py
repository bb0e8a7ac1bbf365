"""What draws figures in a browser, in the app and in files that stand alone: plotly.js, and how a figure is dressed.

plotly.js is the official Cartesian bundle (MIT, in `plotly/`), of the version that the pinned plotly package writes
figures for. It has every trace type that is drawn here and is a third of the whole library, so a fresh browser
compiles and runs it in about 0.5 s instead of 1.3 s. A new version of plotly brings a new bundle:
`npm pack plotly.js-cartesian-dist-min@$(python -c "from plotly.offline import get_plotlyjs_version as v; print(v())")`.
"""

from __future__ import annotations

import json
from pathlib import Path

from analysis.figures.style import THEMED

_HERE = Path(__file__).parent
BUNDLE = _HERE / "plotly" / "plotly-cartesian.min.js"


def dress_script() -> str:
    """The functions of `dress.js`, which know the colours of `analysis.figures.style`."""
    source = (_HERE / "dress.js").read_text(encoding="utf-8")
    return source.replace("__THEMED__", json.dumps(THEMED))


def picture_script() -> str:
    """The functions of `picture.js`, which make a picture of a figure; to be joined after `dress_script`."""
    return (_HERE / "picture.js").read_text(encoding="utf-8")
