"""The table of everything a person can set in the app: settings, and the pages on which each stands. Imports no more.

A view adds its controls to its own block; the sidebar, the address, `docs/settings.md`, what is said on hover and the
tests are made from it.
"""

from dataclasses import dataclass

from analysis.settings import Setting
from app.page_table import EVERY_PAGE

ALWAYS_WRITTEN = ("run", "predictor", "poe")


@dataclass(frozen=True)
class Control(Setting):
    """A setting of the app, on the pages where it stands. What its choices and bounds are on this run,
    `components.controls.control` says."""

    pages: tuple[str, ...] = EVERY_PAGE


# The rows of one page stand together: a view adds its controls to its own block.
_ROWS = (
    # shared
    Control("run", "name", "", "The run on screen: the name of its folder."),
    Control(
        "predictor",
        "text",
        "pa",
        "The correction that the switch below turns on: how the exits so far make the answer of an exit.",
    ),
    Control(
        "poe",
        "switch",
        False,
        "On: this correction, over a faint baseline. Off: the baseline, the softmax of each exit by itself. "
        "The overview's first figure always shows both.",
    ),
    Control("sample", "name", "", "The sample on screen, by its id; empty: the first of the split."),
    Control(
        "split", "choice", "test", "Which of the run's samples the numbers are over.", ("test", "calibration", "all")
    ),
    Control(
        "unit",
        "text",
        "",
        "The unit of an exit's cost, which is cumulative: all that runs up to it; empty: the run's first.",
    ),
    Control(
        "set", "text", "", "Settings of the predictor that differ from their defaults: name:value,name:value.", high=600
    ),
    # what is selected
    Control(
        "brush",
        "text",
        "",
        "What is selected: a query with the regions, ids and slices that it names, as a brush, a click in a figure or "
        "a slice makes it. The filters narrow it.",
        high=8000,
    ),
    Control("true", "text", "", "Samples of one true class, by its index; empty: every class."),
    Control(
        "guess",
        "text",
        "",
        "Samples predicted as one class at the last exit by the predictor on screen, argmax over classes k of p(k), by "
        "its index; empty: every class.",
    ),
    Control(
        "right",
        "choice",
        "any",
        "Samples that the predictor on screen gets right, or wrong, at the exit beside.",
        ("any", "right", "wrong"),
    ),
    Control("at", "text", "last", "The exit that counts for right and wrong: last, or its number."),
    Control(
        "effect",
        "choice",
        "any",
        "What the chosen predictor does to the last exit's answer, argmax over classes k of p(k), against the "
        "baseline's: wrong to right, right to wrong, another class.",
        ("any", "fixed", "broken", "changed"),
    ),
    Control(
        "above",
        "number",
        0.0,
        "Samples whose largest fall is above this: the maximum over exits m < n of p_m(y) - p_n(y), where p_m(y) is "
        "the true class's probability at exit m.",
        low=0,
        high=1,
    ),
    Control("query", "text", "", "A query on any column: comparisons joined by and, or, not.", high=4000),
    Control("sort", "text", "fall", "The column that orders the selected samples."),
    Control("order", "choice", "down", "Largest first, or smallest first.", ("down", "up")),
    Control("strip", "text", "", "The figure below which the selected samples are shown, by its name."),
    Control(
        "only",
        "switch",
        False,
        "On: the page's numbers, points and pictures are those of the selected samples alone. Off: those of all, and "
        "the selected ones stand out before the rest in grey.",
        pages=("overview", "samples", "monotonicity", "classes", "map", "compute"),
    ),
    # what is fitted, and sets of classes, which a query on any page may name
    Control(
        "fit",
        "choice",
        "calibration",
        "The samples that thresholds, temperatures and sets are fitted on: the calibration split, a random share that "
        "is then not measured, or the very samples that are measured, which flatters.",
        ("calibration", "random:0.1", "random:0.2", "random:0.5", "test"),
    ),
    Control(
        "fit_seed",
        "integer",
        0,
        "Which samples the random share holds, and the random numbers of sets: the same number draws the same.",
        low=0,
        high=9999,
    ),
    Control(
        "sets",
        "choice",
        "raps",
        "How the sets of classes are made: conformal ones of the predictor's probabilities (RAPS, APS, LAC), or nested "
        "ones of the logits, anytime-valid over the exits.",
        ("raps", "aps", "lac", "nested"),
    ),
    Control(
        "sets_set",
        "text",
        "",
        "Settings of the sets that differ from their defaults: name:value,name:value.",
        high=600,
    ),
    # overview
    Control("drawn", "integer", 10, "How many samples' trajectories are drawn.", low=5, high=120, pages=("overview",)),
    Control(
        "draw",
        "integer",
        0,
        "Which samples are drawn: a number that picks them, the same ones every time.",
        low=0,
        high=9999,
        pages=("overview",),
    ),
    Control(
        "grouping",
        "choice",
        "classes",
        "Classes, or superclasses where the data set has them; a group's fall is the mean over its samples of the "
        "maximum over exits m < n of p_m(y) - p_n(y).",
        ("classes", "superclasses"),
        pages=("overview", "classes"),
    ),
    # samples
    Control("page", "integer", 1, "The page of the gallery.", low=1, pages=("samples",)),
    Control("per", "choice", "48", "Samples on a page.", ("24", "48", "96"), pages=("samples",)),
    Control("axis", "choice", "exits", "What trajectories run over.", ("exits", "cost"), pages=("samples",)),
    Control(
        "upright",
        "choice",
        "linear",
        "The axis of probabilities: p, in powers of ten (log10 p), or each line as a share of its own maximum, "
        "p_m / max over exits n of p_n.",
        ("linear", "log", "share"),
        pages=("samples",),
    ),
    Control("pin", "name", "", "A second sample beside the one on screen, by its id.", pages=("samples",)),
    Control(
        "pin_run",
        "name",
        "",
        "Another run of the same data set, in which the sample on screen stands beside it; empty: none.",
        pages=("samples",),
    ),
    Control(
        "alike",
        "choice",
        "trajectory",
        "What makes samples like the one on screen: close trajectories under the baseline (Euclidean distance of the "
        "true class's probability and the confidence at every exit), or logits of the last exit that point the same "
        "way (cosine).",
        ("trajectory", "logits"),
        pages=("samples",),
    ),
    # map
    Control("colour", "text", "fall", "The column that colours the map.", pages=("map",)),
    Control(
        "placed",
        "choice",
        "pca",
        "How samples are placed on the map: on the two directions in which trajectories differ most (PCA), or so that "
        "neighbours stay neighbours (UMAP, where umap-learn is installed).",
        ("pca", "umap"),
        pages=("map",),
    ),
    # monotonicity
    Control(
        "of",
        "choice",
        "true_class",
        "Whose probability p falls: the true class's, that of the class predicted at the last exit, or any class's. A "
        "sample's largest fall is the maximum of p_m - p_n over exits m < n.",
        ("true_class", "final_prediction", "any_class"),
        pages=("monotonicity", "ablation"),
    ),
    Control(
        "size",
        "choice",
        "absolute",
        "Falls in probability, p_m - p_n for exits m < n, or relative, as a share of the highest value so far: "
        "(p_m - p_n) / p_m.",
        ("absolute", "relative"),
        pages=("monotonicity", "ablation"),
    ),
    Control(
        "beside",
        "choices",
        (),
        "Further predictors to draw in the same figures, with their default settings.",
        pages=("monotonicity", "compute", "calibration"),
    ),
    Control(
        "published",
        "switch",
        True,
        "The paper's numbers for this network, and on Compute the points of other networks, as open markers.",
        pages=("monotonicity", "compute"),
    ),
    Control(
        "scale",
        "choice",
        "log",
        "The axis of percents: powers of ten down to 0, which shows rare falls, or linear.",
        ("log", "linear"),
        pages=("monotonicity",),
    ),
    Control(
        "over",
        "choice",
        "0.01",
        "Only largest falls above this, p_m - p_n for exits m < n, count in the matrix of exits and in the ablation.",
        ("0", "0.0001", "0.01", "0.05", "0.1", "0.2", "0.25", "0.33", "0.5"),
        pages=("monotonicity", "ablation"),
    ),
    Control(
        "causes",
        "choice",
        "exit",
        "Lost true classes by the exit at which another class takes the lead for good, or, under a product, by the "
        "exit whose factor weighs most against the true class until then: w_i times the difference of the two classes' "
        "log activations.",
        ("exit", "factor"),
        pages=("monotonicity",),
    ),
    # classes
    Control(
        "exit",
        "text",
        "last",
        "Whose answers count: the last exit's, one exit's by its number, or any's: a sample counts once per answer.",
        pages=("classes",),
    ),
    # compare
    Control(
        "entries",
        "choices",
        (),
        "What is set side by side, two to eight: a run under a predictor, with the settings that differ from its "
        "defaults. Empty: the run on screen under the baseline and the chosen predictor.",
        pages=("compare",),
    ),
    Control(
        "along",
        "choice",
        "cost",
        "What accuracy runs over: the cost of all that runs up to an exit, an axis that networks of different depth "
        "share, or the exits by their numbers.",
        ("cost", "exits"),
        pages=("compare",),
    ),
    Control(
        "collapse",
        "switch",
        True,
        "On: runs of one recipe that differ in the seed alone are one line, their mean, with a band of ± 1 standard "
        "deviation. Off: a line each.",
        pages=("compare",),
    ),
    Control(
        "differ",
        "switch",
        False,
        "On: settings, provenance and exits that are the same for all are hidden; an exit differs where the adjusted p "
        "is below 0.05.",
        pages=("compare",),
    ),
    Control(
        "pair",
        "text",
        "",
        "Which two the differences are of, by their places: 1-2 is the second less the first; empty: the first two.",
        pages=("compare",),
    ),
    Control(
        "alone",
        "choice",
        "first",
        "Samples that the first of the two alone has right at the last exit, or the second alone.",
        ("first", "second"),
        pages=("compare",),
    ),
    # present
    Control(
        "presentation",
        "text",
        "",
        "The presentation on screen, by its name; empty: the first.",
        high=120,
        pages=("present",),
    ),
    Control(
        "screen",
        "integer",
        1,
        "The screen that is shown, from 1; a presentation begins with it.",
        low=1,
        high=200,
        pages=("present",),
    ),
    Control("presenting", "switch", False, "On: the screen alone, without controls.", pages=("present",)),
    # live
    Control("source", "choice", "run", "An image of the run, or one of your own.", ("run", "upload"), pages=("live",)),
    Control("until", "integer", 0, "The network stops after this exit; 0: all run.", low=0, pages=("live",)),
    Control("turn", "integer", 0, "Rotation, in degrees.", low=-180, high=180, unit="degrees", pages=("live",)),
    Control(
        "blur",
        "integer",
        0,
        "Standard deviation of a Gaussian blur, in percent of the image's width.",
        low=0,
        high=25,
        unit="percent",
        pages=("live",),
    ),
    Control(
        "noise", "number", 0.0, "Standard deviation of noise on pixels from 0 to 1.", low=0, high=1, pages=("live",)
    ),
    Control("seed", "integer", 0, "Which noise: the same number draws the same.", low=0, high=9999, pages=("live",)),
    Control(
        "cover",
        "integer",
        0,
        "Side of a grey square that hides a part, in percent of the image's width.",
        low=0,
        high=100,
        unit="percent",
        pages=("live",),
    ),
    Control(
        "cover_x",
        "integer",
        50,
        "The square's middle, in percent from the left.",
        low=0,
        high=100,
        unit="percent",
        pages=("live",),
    ),
    Control(
        "cover_y",
        "integer",
        50,
        "The square's middle, in percent from the top.",
        low=0,
        high=100,
        unit="percent",
        pages=("live",),
    ),
    Control(
        "method",
        "choice",
        "integrated-gradients",
        "How pixels get their share.",
        ("integrated-gradients", "input-x-gradient", "grad-cam", "occlusion"),
        pages=("live",),
    ),
    Control(
        "map",
        "choice",
        "coarsest",
        "Which of the network's scales Grad-CAM reads: those that it has are offered.",
        ("coarsest", "second-coarsest", "middle", "second-finest", "finest"),
        pages=("live",),
    ),
    Control(
        "through",
        "choice",
        "product",
        "The product of all exits so far (PA with its default settings), or each exit's head by itself.",
        ("product", "head"),
        pages=("live",),
    ),
    Control(
        "quantity",
        "choice",
        "prob",
        "What is explained of the class: its probability, its logit, or the logarithm of its probability.",
        ("prob", "logit", "log-prob"),
        pages=("live",),
    ),
    Control("whom", "choice", "true", "Whose score is explained.", ("true", "predicted", "other"), pages=("live",)),
    Control("other", "integer", 0, "The class that is explained, by its index.", low=0, pages=("live",)),
    # compute
    Control(
        "budget",
        "optional-number",
        None,
        "Cost per sample that may be spent, in the unit on screen; empty: the middle exit.",
        low=0,
        pages=("samples", "compute"),
    ),
    Control(
        "snap",
        "switch",
        False,
        "On: the budget goes to the cost of the nearest exit. Off: it stays where it is put.",
        pages=("compute",),
    ),
    Control(
        "rules",
        "choices",
        ("confidence", "budgeted", "interruption", "risk"),
        "The stopping rules whose curves are drawn, under the baseline and the chosen predictor: accuracy where "
        "samples stop over the mean cost of the exits where they stop.",
        ("confidence", "budgeted", "interruption", "risk", "pcee"),
        pages=("compute",),
    ),
    Control(
        "below",
        "choice",
        "budget",
        "What stands below the curves: what everyone gives up who stops at the budget, what one rule does to whom, "
        "what a rule that was fitted on clean samples is worth on corrupted ones, or which settings of the correction "
        "are best.",
        ("budget", "rule", "shift", "tune"),
        pages=("compute",),
    ),
    Control(
        "policy",
        "choice",
        "confidence",
        "The rule on screen: when a sample stops by itself.",
        ("confidence", "budgeted", "interruption", "risk", "pcee"),
        pages=("samples", "compute"),
    ),
    Control(
        "policy_set",
        "text",
        "",
        "Settings of the rules that differ from their defaults: name:value,name:value.",
        high=600,
        pages=("samples", "compute"),
    ),
    Control(
        "corruption",
        "name",
        "",
        "The kind of corruption over whose severities the rule is measured; empty: the first that there are runs of.",
        pages=("compute",),
    ),
    Control(
        "tune_by",
        "choice",
        "accuracy",
        "Settings of the correction that are most accurate when computation is interrupted, among those under which "
        "few samples fall; or under which the labels are likeliest, a temperature or the weights of the ensemble.",
        ("accuracy", "likelihood"),
        pages=("compute",),
    ),
    Control(
        "max_falling",
        "number",
        1.0,
        "At most so many of the samples fitted on may have a true class that falls too far.",
        low=0,
        high=100,
        unit="percent",
        pages=("compute",),
    ),
    Control(
        "fall_over",
        "number",
        0.1,
        "How far a true class's probability may fall between an earlier and a later exit.",
        low=0,
        high=1,
        pages=("compute",),
    ),
    Control(
        "fitted_on",
        "name",
        "",
        "Another run of the same exits and classes whose samples thresholds are fitted on; empty: this run.",
        pages=("samples", "compute"),
    ),
    # calibration
    Control(
        "first",
        "integer",
        0,
        "The first of the exits whose reliability is drawn; 0: they are spread over all.",
        low=0,
        pages=("calibration",),
    ),
    Control(
        "good",
        "choice",
        "ece",
        "How good a confidence is: its calibration error, or the AUROC with which it tells right answers from wrong "
        "ones, or from those that computing on would mend. Means over the exits but the last.",
        ("ece", "failure", "improvable"),
        pages=("calibration",),
    ),
    Control(
        "give",
        "choice",
        "1",
        "How many points of the baseline's accuracy at the last exit may be given up.",
        ("0", "0.5", "1", "2", "5"),
        unit="points",
        pages=("calibration",),
    ),
)
CONTROLS: dict[str, Control] = {row.name: row for row in _ROWS}
