"""The sets of classes that the address asks for, on any page: a query may name their sizes and what they cover."""

from dataclasses import dataclass
from functools import partial

from analysis.predictors import settings_key
from analysis.results.fitting import SampleChoice
from analysis.results.from_logits.uncertainty_sets import SetResults, kept_sets, make_sets
from analysis.sets import SETS, find_sets, resolve_sets
from app import state
from app.components.fitting.passes import command, is_large, passed_over, settings_options
from app.components.fitting.samples import choose, chosen_way, ways_to_fit
from app.components.predictor_names import label_of
from app.components.setting_widgets import Owner, understood
from app.view import View


@dataclass(frozen=True)
class Asked:
    """Which sets are asked for.

    Attributes
    ----------
    method : an id of `SETS`
    texts, settings : what differs from its defaults, and all of them
    fits : whether something is fitted
    ways : how the samples to fit on may be chosen
    choice : the samples; None where there are none to fit on
    reason : why
    """

    method: str
    texts: dict[str, str]
    settings: dict[str, object]
    fits: bool
    ways: tuple[str, ...]
    choice: SampleChoice | None
    reason: str


def owner_of_sets(view: View, method: str) -> Owner:
    """A method as what has settings: those of all methods stand in one text; a name means the same in each."""
    row = find_sets(method)
    others = {setting.name for one in SETS.values() for setting in one.settings}
    return Owner(
        f"sets-{method}",
        row.settings,
        "sets_set",
        lambda texts: resolve_sets(method, texts, n_exits=view.run.n_exits),
        others=others - {setting.name for setting in row.settings},
    )


def asked_sets(view: View) -> Asked:
    """What the address says of sets."""
    method = state.get("sets")
    owner = owner_of_sets(view, method)
    texts = understood(owner)
    settings = owner.values(texts)
    fits, ways = find_sets(method).fits(settings), ways_to_fit(view)
    choice, reason = None, ""
    try:
        choice = choose(view, chosen_way(ways) if fits else "", fits=fits).by_label
        if fits and not (view.run.labels[choice.fitted] >= 0).any():
            choice, reason = None, "none of the samples to fit on has a label"
    except ValueError as error:
        reason = str(error)
    if find_sets(method).function is None and view.run.kind != "logits":
        choice, reason = None, "they are made of logits, and this run holds probabilities"
    return Asked(method, texts, settings, fits, ways, choice, reason)


def key_of(view: View, asked: Asked, predictor: str) -> tuple:
    """All that a predictor's sets depend on."""
    of = settings_key(predictor, view.settings_of(predictor))
    choice = asked.choice
    about = (choice.named, choice.seed, choice.on_test) if choice is not None else ()
    return "sets", view.run.fingerprint, view.split, of, asked.method, tuple(asked.settings.items()), about, _seed()


def _seed() -> int:
    return state.get("fit_seed")


def sets_on_page(view: View, asked: Asked, predictor: str) -> SetResults | None:
    """A predictor's sets; None while those of a large run are yet to be asked for, or computed: a button says so."""
    label = find_sets(asked.method).label
    sets = f"{label} sets" if label.isupper() else label.lower()
    of = "the logits" if find_sets(asked.method).function is None else label_of(predictor)
    about = asked.method, asked.settings, asked.choice, predictor, view.settings_of(predictor)
    options = ["--method", asked.method, *settings_options(asked.texts)]
    return passed_over(
        view,
        key_of(view, asked, predictor),
        name=f"sets-{predictor if predictor.replace('-', '').isalnum() else 'own'}",
        kept=partial(kept_sets, *about, seed=_seed()),
        compute=partial(make_sets, *about, seed=_seed()),
        argv=command("sets", view, predictor, asked.choice, options),
        start=f"Make {sets} of {of}",
        doing=f"Making {sets} of {of}",
    )


def sets_for_query(view: View, predictor: str) -> SetResults:
    """The same for a query that names them, on any page.

    Raises
    ------
    ValueError
        They cannot be made, or would be long work.
    """
    asked = asked_sets(view)
    if asked.choice is None:
        raise ValueError(f"there are no sets of classes: {asked.reason}")
    about = asked.method, asked.settings, asked.choice, predictor, view.settings_of(predictor)
    if is_large(view) and kept_sets(*about, seed=_seed()) is None:
        raise ValueError("these sets of classes are not computed yet: open the page Uncertainty sets first")
    found = sets_on_page(view, asked, predictor)
    assert found is not None
    return found
