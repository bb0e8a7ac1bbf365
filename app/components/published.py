"""The paper's numbers that may stand beside what is on screen: of the same network, and of the settings it reports."""

from analysis.reference.published import Published, published_for
from app import state
from app.view import View


def published_beside(view: View) -> dict[str, Published]:
    """Published numbers by predictor; none beside other samples than their own, which is the test split.

    Without the chosen predictor where its settings are not the defaults, the paper's.
    """
    run = view.run
    if view.split != "test" or view.only:
        return {}
    found = published_for(run.dataset, run.model, run.n_exits)
    if state.get("set"):
        found.pop(view.predictor, None)
    return found
