"""What golden_small.json holds, and how its cases are named here."""

import json

from tests.toy import GOLDEN

STATISTICS = json.loads((GOLDEN / "golden_small.json").read_text())
CASES = {
    "softmax": ("baseline", {}),
    "caching": ("ca", {}),
    "product": ("pa", {}),
    "product_unweighted": ("pa", {"weights": "uniform"}),
    "product_softplus": ("pa", {"activation": "softplus"}),
    "product_clip": ("pa", {"threshold": 0.5, "cap": 6}),
}
"""The published code's name of a predictor -> its id and settings."""
