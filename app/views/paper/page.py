"""Against the paper: how far is this run from the published numbers, and which published findings does it show too?"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.paper_panels import Beside, PaperPanel, paper_panels_figure
from analysis.metrics.decrease import THRESHOLDS
from analysis.predictors import usable_predictors
from analysis.reference.names import network_name
from analysis.reference.outside_text import html_text
from analysis.reference.published import Published, published_for, published_networks
from analysis.report.pictures import About
from analysis.results import against_paper
from analysis.results.against_paper import Percents
from analysis.results.seeds import seed_of, with_spread
from analysis.run import Run
from analysis.words import correction, formats, verdicts
from analysis.words.verdicts import ToldVerdict
from app import cache, state
from app.components.chart import chart
from app.components.empty_split import no_samples
from app.components.figure_table import figure_table
from app.components.predictor_names import label_of
from app.components.table_export import offer_table
from app.components.text import escape, plain_table, plain_text
from app.view import View
from app.views.paper.numbers_table import LOOK, and_spread
from app.views.paper.reviewer_bundle import reviewer_bundle
from app.views.paper.seeds import OtherSeed, other_seeds, seeds_section

HEIGHT = 470
SPOKEN_OF = 0.01  # the fall that the figure's title speaks of: the paper's smallest but one, where PA still falls
SECTIONS = {
    "accuracy": "Accuracy, % of samples right, at exit",
    "true_class": "True class's probability, % of samples that fall by more than",
    "final_prediction": "Final prediction's probability, % of samples that fall by more than",
    "oracle": "Oracle gap, points: right at some exit, less right at the last, exit",
    "entropy": "Entropy, % of samples whose entropy rises by more than, nats",
}
MARKS = {
    against_paper.SHOWN: "✓ ",
    against_paper.NOT_SHOWN: "✗ ",
    against_paper.UNPUBLISHED: "– ",
    against_paper.UNKNOWN: "? ",
}


@dataclass(frozen=True)
class Shown:
    """What both figures are of. `predictor` stands beside the baseline, `emphasised` is the one of them on screen.

    `samples` is how many the numbers are over: those whose label is known.
    """

    view: View
    measured: Mapping[str, Percents]
    samples: int
    others: Sequence[OtherSeed]
    published: Mapping[str, Published]
    predictor: str
    emphasised: str
    table: pd.DataFrame

    def of(self, name: str) -> About:
        """What a figure's files say that it is of: the paper's settings, whatever the sidebar shows."""
        return About(self.view.run.id, f"baseline and {self.predictor}", name, "", self.view.split)

    def saved(self, quantities: Collection[str]) -> pd.DataFrame:
        """The numbers of some quantities, with their spread over seeds where there are several."""
        table = self.table[self.table["quantity"].isin(quantities)]
        if self.others:
            measured = [self.measured, *(other.measured for other in self.others)]
            table = with_spread(table, measured, formats.exit_labels(self.view.run.exit_names))
        return figure_table(self.view, table.rename(columns={"run": "measured"}), defaults=True)


def render(view: View) -> None:
    """The page."""
    st.subheader("How far is this run from the published numbers, and which findings does it show too?", anchor=False)
    published = published_for(view.run.dataset, view.run.model, view.run.n_exits)
    if not published:
        _no_numbers(view.run)
    if no_samples(view):
        return
    shown = _beside_the_paper(view, published) if published else None
    reviewer_bundle(view)
    if shown is not None:
        _numbers(shown, published)


def _beside_the_paper(view: View, published: Mapping[str, Published]) -> Shown | None:
    """The figures, and which findings the run shows; returns what is shown, None where there are no numbers."""
    run = view.run
    measured = _measured(view, published)
    if not measured:
        st.info(
            "This run has no labels here, and the paper's numbers are about the true class: import it again with "
            "its labels to compare."
        )
        return None
    predictor, note = _compared(view, published, measured)
    emphasised = predictor if view.poe else "baseline"
    names = formats.exit_labels(run.exit_names)
    samples = int((run.labels[run.positions(view.split)] >= 0).sum())
    table = against_paper.comparison_table(measured, published, names, samples)
    found = _told(measured, published, names)
    others = other_seeds(view, tuple(measured))
    shown = Shown(view, measured, samples, others, published, predictor, emphasised, table)
    with st.container(gap="xsmall"):
        network = network_name(published["baseline"].dataset, published["baseline"].model)
        st.markdown(f"**{escape(verdicts.summary_sentence(found, network))}**")
        _distance(view, measured, published)
        if note:
            plain_text(note, role="caption")
    accuracy, falls = st.columns(2, gap="medium")
    with accuracy:
        _accuracy(shown)
    with falls:
        _falls(shown)
    _findings(found)
    if others:
        by_seed = {seed_of(view.run.provenance): found}
        by_seed |= {other.seed: _told(other.measured, published, names) for other in others}
        seeds_section(view, measured, others, published, predictor, by_seed)
    return shown


def _measured(view: View, published: Mapping[str, Published]) -> dict[str, Percents]:
    """The paper's predictors, as the paper sets them, on this run; empty without labels."""
    usable, found = usable_predictors(view.run.kind), {}
    for key in against_paper.ORDER:
        if key not in published or key not in usable:
            continue
        results, baseline = (cache.results(view.run, one, {}, view.split) for one in (key, "baseline"))
        if not results.has_labels:
            return {}
        found[key] = against_paper.percents(results, baseline)
    return found


def _told(
    measured: Mapping[str, Percents], published: Mapping[str, Published], names: Sequence[str]
) -> list[ToldVerdict]:
    return [verdicts.told(one, names) for one in against_paper.verdicts(measured, published)]


def _compared(view: View, published: Mapping[str, Published], measured: Mapping[str, Percents]) -> tuple[str, str]:
    """The predictor of the figures, beside the baseline, and a line where it is not the chosen one."""
    label = label_of(view.predictor)
    if view.predictor in published and view.predictor in measured:
        if not state.get("set"):
            return view.predictor, ""
        return view.predictor, f"{label} is shown with the paper's settings, not with those chosen in the sidebar."
    stand_in = next(key for key in ("pa", "ca") if key in measured)
    return stand_in, f"The paper has no numbers for {label}: the figures show {label_of(stand_in)} in its place."


def _distance(view: View, measured: Mapping[str, Percents], published: Mapping[str, Published]) -> None:
    """How the run was made, and how far its baseline is from the paper's."""
    summary = str(view.run.provenance.get("summary") or "")
    how = summary or "How this network was trained is not recorded, so its distance to the paper's training is unknown."
    last = correction.distance_sentence(
        float(measured["baseline"]["accuracy"][-1]) / 100, float(published["baseline"].accuracy[-1])
    )
    split = "" if view.split == "test" else f" These are the samples of the split {view.split}; the paper's are test."
    plain_text(f"{how} {last}{split}", role="caption")


def _no_numbers(run: Run) -> None:
    depth = {(dataset, model): exits for dataset, model, exits in published_networks()}
    exits = depth.get(((run.dataset or "").lower(), (run.model or "").lower()))
    if exits is not None:
        why = f"The paper's network has {exits} exits, this run has {run.n_exits}"
    elif run.model and run.dataset:
        why = f"The paper has no numbers for this run's network (“{run.model}” on “{run.dataset}”)"
    else:
        said = f"only “{run.model or run.dataset}”" if run.model or run.dataset else "neither"
        why = f"Published numbers are found by a run's model and data set, and this one names {said}"
    plain_text(f"{why}. There are published numbers for:")
    rows = pd.DataFrame(
        [(network_name(dataset, model), dataset, model, exits) for (dataset, model), exits in depth.items()],
        columns=["network", "dataset", "model", "exits"],
    )
    plain_table(rows)
    plain_text("A run says which it is when it is imported:", role="caption")
    st.code(
        "python -m analysis import logits.npz --dataset cifar100 --model msdnet --out cached_runs/my-run",
        "bash",
        wrap_lines=True,
    )


# --- the figures -----------------------------------------------------------------------------------------------------


def _beside(
    shown: Shown, predictor: str, run: np.ndarray, others: Sequence[np.ndarray], paper: np.ndarray, std: np.ndarray
) -> Beside:
    """How far the run is from the paper is said to the pointer."""
    words = tuple(
        f"run less paper: {verdicts.difference_words(*against_paper.difference(ours, theirs, spread, shown.samples))}"
        for ours, theirs, spread in zip(run, paper, std)
    )
    return Beside(predictor, label_of(predictor), np.asarray(run), paper, std, words, tuple(others))


def _over(shown: Shown) -> str:
    view = shown.view
    seeds = shown.published["baseline"].accuracy_std is not None
    paper = "Open, with a band of ± 1 standard deviation (sd) over 3 seeds" if seeds else "Open"
    split = "" if view.split == "all" else f"{view.split} "
    thin = " Thin, without markers: other seeds." if shown.others else ""
    over = formats.counted(shown.samples, f"{split}sample")
    return f"Filled: this run, {over}. {paper}: the paper.{thin}"


def _accuracy(shown: Shown) -> None:
    measured, others, published, predictor = shown.measured, shown.others, shown.published, shown.predictor
    paper = {key: against_paper.published_percents(published[key], "accuracy") for key in ("baseline", predictor)}
    both = tuple(
        _beside(
            shown, key, measured[key]["accuracy"], [other.measured[key]["accuracy"] for other in others], *paper[key]
        )
        for key in paper
    )
    nothing = np.full(shown.view.run.n_exits, np.nan)
    gain = _beside(
        shown,
        predictor,
        measured[predictor]["accuracy"] - measured["baseline"]["accuracy"],
        [other.measured[predictor]["accuracy"] - other.measured["baseline"]["accuracy"] for other in others],
        paper[predictor][0] - paper["baseline"][0],
        nothing,
    )
    panels = [
        PaperPanel("accuracy", both),
        PaperPanel(f"accuracy of {gain.label} less the baseline's, points", (gain,), " points", reference=True),
    ]
    values, std = paper[shown.emphasised]
    figure = cache.drawn(
        paper_panels_figure,
        panels,
        places=formats.exit_labels(shown.view.run.exit_names),
        emphasised=shown.emphasised,
        x_title="exit",
        title=verdicts.gap_sentence(
            label_of(shown.emphasised),
            "of samples are right at the last exit",
            ours := measured[shown.emphasised]["accuracy"][-1],
            values[-1],
            against_paper.difference(ours, values[-1], std[-1], shown.samples),
        ),
        subtitle=_over(shown),
        height=HEIGHT,
    )
    chart(figure, name="paper-accuracy", height=HEIGHT, data=lambda: shown.saved(["accuracy"]),
          of=shown.of("paper-accuracy"))  # fmt: skip


def _falls(shown: Shown) -> None:
    measured, others, published, emphasised = shown.measured, shown.others, shown.published, shown.emphasised
    panels = []
    for of in against_paper.OF:
        both = tuple(
            _beside(
                shown,
                key,
                measured[key][of],
                [other.measured[key][of] for other in others],
                *against_paper.published_percents(published[key], of),
            )
            for key in ("baseline", shown.predictor)
        )
        panels.append(
            PaperPanel(
                f"{formats.QUANTITY[of]}: samples that fall by more",
                both,
                from_zero=True,
            )
        )
    at = THRESHOLDS.index(SPOKEN_OF)
    values, std = against_paper.published_percents(published[emphasised], "true_class")
    figure = cache.drawn(
        paper_panels_figure,
        panels,
        places=[f"{tau:g}" for tau in THRESHOLDS],
        emphasised=emphasised,
        x_title="fall of the probability between an earlier and a later exit, more than",
        title=verdicts.gap_sentence(
            label_of(emphasised),
            f"of samples fall by more than {SPOKEN_OF:g}",
            ours := measured[emphasised]["true_class"][at],
            values[at],
            against_paper.difference(ours, values[at], std[at], shown.samples),
        ),
        subtitle=_over(shown),
        height=HEIGHT,
    )
    chart(figure, name="paper-falls", height=HEIGHT, data=lambda: shown.saved(SECTIONS.keys() - {"accuracy"}),
          of=shown.of("paper-falls"))  # fmt: skip


# --- in words and in numbers -----------------------------------------------------------------------------------------


def _findings(found: Sequence[ToldVerdict]) -> None:
    st.markdown("**The published findings, and whether this run shows them too**")
    st.html(_findings_html(found))
    plain_text(
        "A verdict is about the direction of an effect; its size may differ: see the numbers below.", role="caption"
    )


def _findings_html(found: Sequence[ToldVerdict]) -> str:
    heads = ("verdict", "finding, and what decides", "the paper: baseline → PA", "this run: baseline → PA")
    rows = ""
    for one in found:
        verdict, finding, criterion, paper, run = (
            html_text(text)
            for text in (MARKS[one.verdict] + one.verdict, one.finding, one.criterion, one.paper, one.run)
        )
        rows += (
            f'<tr><td class="v">{verdict}</td><td><div>{finding}</div><div class="c">{criterion}</div></td>'
            f"<td>{paper}</td><td>{run}</td></tr>"
        )
    look = (
        "<style>.xl-findings{border-collapse:collapse;width:100%;font-size:0.875rem}.xl-findings th{text-align:left;"
        "font-weight:600}.xl-findings th,.xl-findings td{padding:0.35rem 1.25rem 0.35rem 0;vertical-align:top;"
        "border-bottom:1px solid var(--st-border-color,#8884)}"
        ".xl-findings .v{white-space:nowrap;font-weight:600}.xl-findings .c{font-size:0.8125rem;opacity:0.72}</style>"
    )
    return (
        f'{look}<table class="xl-findings"><colgroup><col><col style="width:50%"><col><col></colgroup><thead><tr>'
        f"{''.join(f'<th>{head}</th>' for head in heads)}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _numbers(shown: Shown, published: Mapping[str, Published]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Every number beside the paper's**", width="stretch")
        offer_table(
            "against-the-paper",
            f"{shown.view.run.id}, split {shown.view.split}, beside the published numbers",
            lambda: shown.saved(SECTIONS),
            runs=(shown.view.run.id,),
            shown=lambda: _numbers_shown(shown.table),
        )
    st.html(_numbers_html(shown.table))
    about = (
        "The paper: means over 3 seeds ± their population standard deviation; oracle gap and entropy come without one. "
        "Difference: this run less the paper, in points, and whether that is within or outside ±2 sd "
        f"({verdicts.SD})."
        if published["baseline"].accuracy_std is not None
        else "The paper: one checkpoint, without a spread. Difference: this run less the paper, in points."
    )
    plain_text(about, role="caption")


def _numbers_shown(table: pd.DataFrame) -> pd.DataFrame:
    """A row per quantity and place, three columns per predictor, written as on the page."""
    rows = {}
    for row in table.itertuples():
        label = label_of(row.predictor)
        texts = rows.setdefault((SECTIONS[row.quantity], row.at), {})
        texts |= dict(zip((label, f"{label}, the paper", f"{label}, difference"), _three_texts(row)))
    return pd.DataFrame([{"quantity": what, "at": at} | texts for (what, at), texts in rows.items()]).fillna("")


def _numbers_html(table: pd.DataFrame) -> str:
    """One row per exit and per threshold, three columns per predictor."""
    predictors = list(dict.fromkeys(table["predictor"]))
    groups = "".join(f'<th colspan="3">{html_text(label_of(key))}</th>' for key in predictors)
    heads = "<th>this run</th><th>the paper</th><th>difference</th>" * len(predictors)
    body = ""
    for quantity, title in SECTIONS.items():
        rows = table[table["quantity"] == quantity]
        if rows.empty:
            continue
        body += f'<tr><th class="s" colspan="{1 + 3 * len(predictors)}">{html_text(title)}</th></tr>'
        for place in dict.fromkeys(rows["at"]):
            cells = {row.predictor: _three_cells(row) for row in rows[rows["at"] == place].itertuples()}
            body += f"<tr><th>{html_text(place)}</th>{''.join(cells.get(key, _NO_CELLS) for key in predictors)}"
            body += "</tr>"
    return (
        f'{LOOK}<div class="xl-paper"><table><thead><tr><th></th>{groups}</tr><tr><th></th>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


_NO_CELLS = '<td class="g"></td><td></td><td></td>'


def _three_cells(row: object) -> str:
    ours, paper, difference = map(html_text, _three_texts(row))
    return f'<td class="g">{ours}</td><td>{paper}</td><td>{difference}</td>'


def _three_texts(row: object) -> tuple[str, str, str]:
    difference = verdicts.difference_words(row.difference, row.outside_2_sd, unit=False)
    return formats.decimals(row.run), and_spread(row.published, row.published_std), difference
