"""The page Compare by AppTest: every kind of run, the numbers of the command, what is selected, what is refused."""

import base64
import csv
import io
import json
import time

import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.report.comparison_tables import exits_shown, falls_shown
from analysis.results import compare, results_of
from analysis.storage import load_run, write_run
from app.components.setting_widgets import parse_settings
from app.components.table_export import table_text
from app.components.traced import traces_command
from tests.e2e.pages import address, figures, opened, payloads, title, words
from tests.e2e.runs import HOSTILE, synthetic

FIGURES = {"compare-accuracy", "compare-falls"}
TRAINED = {"recipe": "mine", "epochs": 18, "processes": 1}


def page(*entries, run="small", **more):
    app = opened(
        "compare", run=run, predictor="pa", poe="1", **({"entries": ",".join(entries)} if entries else {}), **more
    )
    assert not app.exception, app.exception
    return app


@pytest.fixture
def shifted(small_run, runs):
    """The samples of the small run under noise, in another order and without some: a corrupted run."""
    order = np.random.default_rng(3).permutation(400)[:380]
    logits = small_run.logits.read(0, 400)[:, order].astype(np.float32)
    logits += np.random.default_rng(4).normal(0, 3, logits.shape).astype(np.float32)
    samples = small_run.samples.iloc[order][["id", "split"]].reset_index(drop=True)
    write_run(
        runs / "shifted", logits=logits, labels=small_run.labels[order], samples=samples, title="A small run, shifted",
        costs={"MACs": [1e6 * i for i in range(1, 8)]}, class_names=list(small_run.class_names),
    )  # fmt: skip
    return load_run(runs / "shifted")


@pytest.fixture
def saved(monkeypatch):
    """Name -> what the menu beside a table saves."""
    found = {}
    for part in ("page", "entry_table", "differences"):
        monkeypatch.setattr(
            f"app.views.compare.{part}.offer_table", lambda name, *told, **more: found.update({name: (told, more)})
        )
    return found


def text(saved, name, kind):
    (caption, table), more = saved[name]
    return table_text(kind, caption, table, more.get("shown"))


def numbers(array: dict) -> list[float]:
    """A trace's numbers, as plotly writes an array."""
    return np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"]).tolist()


def names(app) -> list[str]:
    """What the lines of the figure of accuracy are called."""
    return [trace["name"] for trace in figures(app)["compare-accuracy"]["data"] if trace.get("name")]


def test_the_run_on_screen_under_the_baseline_and_the_chosen_predictor_unless_told(small_run):
    app = page()
    assert set(figures(app)) == FIGURES
    assert names(app) == ["Baseline", "PA"]
    assert "Which is better, by how much, and for which samples?" in words(app)
    assert title(figures(app)["compare-accuracy"]).startswith("At its last exit")
    assert "entries" not in address(app)
    ends = [one["text"] for one in figures(app)["compare-accuracy"]["layout"]["annotations"]]
    accuracy = [100 * results_of(small_run, key).accuracy[-1] for key in ("baseline", "pa")]
    assert ends == [f"{name} ({value:.2f}%)" for name, value in zip(("Baseline", "PA"), accuracy)]


def test_the_title_claims_no_more_than_the_test_below_it(small_run):
    for predictor in ("pa", "ca", "moe"):
        both = [results_of(small_run, key) for key in ("baseline", predictor)]
        app = page("small/baseline", f"small/{predictor}")
        said = title(figures(app)["compare-accuracy"])
        sure = compare(both).pairs[0].exits[-1].p_holm < 0.05
        level = both[0].accuracy[-1] == both[1].accuracy[-1]
        assert ("no clear difference" in said) == (not sure and not level)
        assert ("cannot be told apart: " in words(app)) == (not sure)


def test_the_tables_are_the_commands(small_run, shifted, saved, capsys):
    runs, keys = (small_run, shifted), ("baseline", "pa")
    app = page(*(f"{run.id}/{key}" for run in runs for key in keys), pair="1-3", along="exits")
    options = [str(run.path) for run in runs]
    assert main(["compare", *options, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    pair = next(one for one in found["pairs"] if (one["a"], one["b"]) == (0, 2))
    named = names(app)
    exits = saved["differences"][1]["shown"]
    assert exits.equals(exits_shown(found, pair, named))
    assert saved["differences-of-falls"][1]["shown"].equals(falls_shown(found, pair, named))
    main(["compare", *options, "--format", "csv"])
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    ours = list(csv.DictReader(io.StringIO(text(saved, "differences", "csv").lstrip("\ufeff"))))
    assert len(ours) == len(rows) == 6 * 15
    for own, row in zip(ours, rows):
        assert all(own[name] == row[name] or float(own[name]) == float(row[name]) for name in row)
        assert list(own) == list(row)
    assert "weights=linear" in ours[0]["b_settings"]
    assert "PA" in text(saved, "pairs", "tex")


@pytest.mark.parametrize(
    ("entries", "common"),
    [
        (("small/pa", "shifted/pa"), ", both under PA, 282 test samples"),
        (("small/baseline", "small/pa"), ", both of A small run, 300 test samples"),
        (("small/baseline", "shifted/pa"), None),
    ],
)
def test_a_saved_table_says_what_the_two_have_in_common(small_run, shifted, saved, entries, common):
    page(*entries)
    caption = saved["differences"][0][0]
    assert caption.endswith(common) if common else "both" not in caption


def test_corrupted_and_clean_are_joined_by_id_and_their_samples_and_slices_open(small_run, shifted):
    app = page("small/baseline", "shifted/baseline")
    assert names(app) == ["A small run", "A small run, shifted"] or len(set(names(app))) == 2
    both = compare([results_of(one, "baseline") for one in (small_run, shifted)]).pairs[0]
    listed = app.dataframe[0].value
    assert len(listed) == both.exits[-1].a_only > 0
    select_all = next(one for one in app.button if one.label.startswith("Select all"))
    select_all.click().run()
    assert not app.exception
    assert f"<b>{both.exits[-1].a_only} of" in words(app) or f"{both.exits[-1].a_only}" in words(app)
    assert address(app)["brush"].startswith("in chosen")
    assert address(app)["strip"] == "compare-samples"
    slices = [one for one in app.button if one.key and one.key.startswith("found:")]
    assert 0 < len(slices) <= 20
    slices[0].click().run()
    assert not app.exception
    assert "label = " in address(app)["brush"] or "difficulty" in address(app)["brush"]


def test_samples_of_a_run_that_is_not_on_screen_open_on_one_that_has_them(small_run, shifted, imageless_run):
    app = page("small/baseline", "shifted/baseline", run="imageless")
    next(one for one in app.button if one.label.startswith("Select all")).click().run()
    assert not app.exception
    assert address(app)["run"] == "small"
    assert address(app)["entries"] == "small/baseline,shifted/baseline"


@pytest.mark.parametrize(("alone", "order"), [("first", "up"), ("second", "down")])
def test_what_the_correction_breaks_and_fixes_is_ordered_by_what_the_true_class_loses(small_run, alone, order):
    app = page(alone=alone)
    next(one for one in app.button if one.label.startswith("Select all")).click().run()
    held = address(app)
    assert (held["sort"], held.get("order", "down")) == ("gained", order)
    listed = app.dataframe[0].value["sample"].tolist()
    assert held["brush"].startswith(f"in chosen; chosen = ids({listed[0]},")


def test_as_many_are_selected_as_the_address_holds_and_it_says_so(runs, small_logits, small_labels):
    samples = pd.DataFrame({"id": [f"{'long' * 60}-{i}" for i in range(400)]})
    for name, logits in (("right", small_logits), ("wrong", -small_logits)):
        write_run(runs / name, logits=logits, labels=small_labels, samples=samples)
    app = page("right/baseline", "wrong/baseline", run="right")
    next(one for one in app.button if one.label.startswith("Select all")).click().run()
    assert "The address holds" in words(app)
    assert "the clearest are selected" in words(app)
    assert len(address(app)["brush"]) <= 8000
    assert not app.exception


def test_a_copy_under_another_name_keeps_that_name(small_run, runs, saved):
    page("small/baseline", "small/pa")
    (runs / "copy").mkdir()
    for path in small_run.path.iterdir():
        (runs / "copy" / path.name).write_bytes(path.read_bytes())
    page("copy/baseline", "copy/pa")
    for table in ("compared", "differences"):
        rows = list(csv.DictReader(io.StringIO(text(saved, table, "csv").lstrip("\ufeff"))))
        assert {value for row in rows for name, value in row.items() if name in ("run", "a_run", "b_run")} == {"copy"}


def test_one_alone_is_told_what_to_do(small_run):
    app = page("small/pa")
    assert "Choose two to eight" in words(app)
    assert not figures(app)


def test_one_run_with_settings_of_its_own(small_run):
    app = page("small/pa", "small/pa/weights:uniform", "small/hard-poe/threshold:0.5")
    assert names(app) == ["PA", "PA weights=uniform", "Hard PoE threshold=0.5"]


def test_what_comes_to_the_same_settings_stands_once(small_run):
    app = page("small/pa", "small/pa/weights:linear", "small/pa/cap:6", "small/pa/cap:6.0", "small/baseline")
    assert names(app) == ["PA", "PA cap=6", "Baseline"]
    said = "PA on small is left out: the defaults and weights=linear come to the same settings, so that it stands here"
    assert said in words(app)
    assert "cap=6 and cap=6.0 come to the same settings" in words(app)


def test_the_sidebars_predictor_is_added_with_its_settings(small_run):
    app = page("small/baseline", "small/pa", set="weights:uniform")
    next(one for one in app.button if one.label == "Add the sidebar's choice").click().run()
    assert address(app)["entries"] == "small/baseline,small/pa,small/pa/weights:uniform"
    assert not app.exception


def test_a_split_that_one_lacks_leaves_it_out(small_run, imageless_run):
    app = page("small/baseline", "small/pa", "imageless/pa", split="calibration")
    assert "has no samples in the split calibration" in words(app)
    assert names(app) == ["Baseline", "PA"]


def test_damaged_and_unknown_runs_predictors_and_settings_are_left_out(small_run, damaged_run):
    app = page("small/baseline", "small/pa", "damaged/pa", "nothing/pa", "small/nobody", "small/pa/cap:six", "x")
    told = words(app)
    assert "An entry of the comparison is left out: there is no sound run 'nothing' here" in told
    assert "cap is 'six'" in told
    assert "nobody" in told
    assert "'x' is no entry" in told
    assert names(app) == ["Baseline", "PA"]


def test_what_cannot_be_computed_on_a_run_is_left_out(small_run, probs_run, unlabelled_run):
    app = page("small/baseline", "probs/baseline", "probs/pa", "unlabelled/baseline")
    assert "needs logits" in words(app)
    assert "has no labels here" in words(app)
    assert len(names(app)) == 2


def test_runs_of_other_units_share_the_exits_and_it_says_why(small_run, runs, small_logits, small_labels):
    write_run(runs / "timed", logits=small_logits, labels=small_labels, costs={"ms": range(1, 8)})
    app = page("small/baseline", "timed/baseline")
    said = "Accuracy runs over the exits: no unit of cost is known to all of these runs"
    assert f"{said} (small: MACs, params; timed: ms)." in words(app)
    along = next(one for one in app.get("button_group") if one.proto.label == "Accuracy over")
    assert (along.value, along.proto.disabled) == ("exits", True)
    assert figures(app)["compare-accuracy"]["layout"]["xaxis"]["title"]["text"] == "exit"


def test_runs_of_other_depth_share_the_cost_and_differ_where_both_have_exits(
    small_run, runs, small_logits, small_labels
):
    samples = small_run.samples[["id", "split"]]
    write_run(
        runs / "short", logits=small_logits[:4], labels=small_labels, samples=samples,
        costs={"MACs": [2e6, 4e6, 6e6, 9e6]},
    )  # fmt: skip
    app = page("small/baseline", "short/baseline")
    figure = figures(app)["compare-accuracy"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "cumulative cost per sample, MACs"
    assert [len(numbers(trace["x"])) for trace in figure["data"]] == [7, 4]
    assert "At exit 4, the last that both have, " in words(app)


def test_samples_in_common_are_needed_for_differences_and_not_for_figures(small_run, runs, small_logits, small_labels):
    samples = pd.DataFrame({"id": [f"other-{i}" for i in range(400)]})
    write_run(runs / "others", logits=small_logits, labels=small_labels, samples=samples)
    app = page("small/baseline", "others/baseline", "small/pa")
    assert set(figures(app)) == FIGURES
    assert "have no sample id in common" in words(app)
    app = page("small/baseline", "others/baseline", "small/pa", pair="1-3")
    assert "Not every two can be compared" in words(app)
    assert len(app.dataframe) == 1


def test_seeds_of_one_recipe_are_a_mean_with_a_band(runs, small_logits, small_labels):
    generator = np.random.default_rng(0)
    for seed in range(3):
        logits = small_logits + generator.normal(0, 2, small_logits.shape).astype(np.float16)
        provenance = TRAINED | {"seed": seed}
        write_run(
            runs / f"run{seed}", logits=logits, labels=small_labels, dataset="d", model="m",
            title=f"Mine, seed {seed}", provenance=provenance,
        )  # fmt: skip
    app = page("run0/baseline", "run0/pa", run="run0")
    next(one for one in app.button if one.label == "Add its seeds").click().run()
    assert len(address(app)["entries"].split(",")) == 6
    assert names(app) == ["Baseline, 3 seeds", "PA, 3 seeds"]
    bands = [trace for trace in figures(app)["compare-accuracy"]["data"] if trace.get("fill") == "toself"]
    accuracy = [100 * results_of(load_run(runs / f"run{seed}"), "pa").accuracy for seed in range(3)]
    assert numbers(bands[1]["y"])[:7] == pytest.approx((np.mean(accuracy, axis=0) + np.std(accuracy, axis=0)).tolist())
    apart = page(*address(app)["entries"].split(","), run="run0", collapse="0")
    assert len(names(apart)) == 6
    assert "PA, seed 2" in names(apart)


def test_seeds_of_several_recipes_are_called_apart(runs, small_logits, small_labels):
    for number in range(1, 5):
        write_run(runs / f"try{number}", logits=small_logits, labels=small_labels, title=f"try {number}",
                  provenance=TRAINED | {"seed": number % 2, "epochs": 18 + number // 3})  # fmt: skip
    app = page(*(f"try{number}/baseline" for number in range(1, 5)), run="try1", collapse="1")
    assert names(app) == ["2 seeds (1)", "2 seeds (2)"]


def test_only_what_differs_hides_exits_and_facts(small_run, saved):
    page("small/baseline", "small/moe", differ="1")
    assert set(saved["compared-settings"][0][1]["field"]) >= {"predictor"}
    assert "data set" not in set(saved["compared-settings"][0][1]["field"])
    found = compare([results_of(small_run, key) for key in ("baseline", "moe")]).pairs[0]
    sure = [str(at.exit) for at in found.exits if at.p_holm < 0.05]
    assert saved["differences"][1]["shown"]["exit"].tolist() == sure
    app = page("small/baseline", "small/baseline/fallback:none", differ="1")
    assert "differ at no exit" in words(app)
    page("small/baseline", "small/moe")
    assert "data set" in set(saved["compared-settings"][0][1]["field"])


def test_hostile_names_are_text_everywhere(runs, small_logits, small_labels, saved):
    formula, marked = '=HYPERLINK("https://evil.example")', f"{HOSTILE} [l](https://evil.example) \u202eabc"
    ids = pd.DataFrame({"id": [f"{formula} {i}" for i in range(400)], HOSTILE: [marked] * 400})
    for number in range(2):
        logits = small_logits + np.random.default_rng(number).normal(0, 2, small_logits.shape).astype(np.float16)
        write_run(
            runs / f"run{number}", logits=logits, labels=small_labels, samples=ids, 
            title=f"{marked} {number} {'x' * 500}",
            class_names=[f"{marked} {i}" for i in range(20)], provenance={"made_by": formula, marked: marked},
            costs={marked: range(1, 8)},
        )  # fmt: skip
    app = page("run0/pa", "run1/pa", run="run0")
    for element in [*app.markdown, *app.caption, *app.info]:
        assert "](https://evil.example)" not in element.value
        assert "<img" not in element.value.replace("\\<img", "")
    for element in app.get("html"):
        assert "<img" not in element.proto.body
    figure = figures(app)["compare-accuracy"]
    figure["layout"].pop("uirevision")  # shown nowhere
    assert "<img" not in json.dumps(figure)
    for name in saved:
        for row in csv.reader(io.StringIO(text(saved, name, "csv").lstrip("\ufeff"))):
            assert not any(cell.startswith(("=", "@")) for cell in row)
        assert "\\write" not in text(saved, name, "tex")
    next(one for one in app.button if one.label.startswith("Select all")).click().run()
    assert not app.exception


def test_large_runs_that_are_not_traced_wait_for_work_beside_the_app(small_run, monkeypatch):
    monkeypatch.setattr("app.components.traced.LONG", 0)
    app = page("small/baseline", "small/softmax-poe")
    assert [one.label for one in app.button if one.key == "long-work-compare-traces-start"] == ["Compute its traces"]
    assert any("has not been traced yet" in one.value for one in app.caption)
    assert not figures(app)
    monkeypatch.setattr("app.components.traced.at_hand", lambda *told: True)
    assert set(figures(page("small/baseline", "small/softmax-poe"))) == FIGURES


def test_the_work_beside_the_app_is_a_command_that_takes_the_settings(small_run, capsys):
    settings = parse_settings("weights:0.1,0.2,0.3,0.4,0.5,0.6,1,cap:6")
    command = traces_command(small_run, "pa", settings, "all")
    assert main(list(command)) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["run"], told["predictor"], told["split"]) == ("small", "pa", "all")
    assert told["settings"]["weights"] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1.0]
    assert told["settings"]["cap"] == 6


def test_two_large_runs_are_compared_at_once_when_they_are_traced(tmp_path, monkeypatch):
    """A bound of many times what it takes on a quiet machine (0.3 s)."""
    monkeypatch.setenv("EXITLENS_RUNS", str(tmp_path))
    run = synthetic(tmp_path, samples=10_000)
    logits = run.logits.read(0, 10_000)
    write_run(tmp_path / "other", logits=logits[:, ::-1], labels=run.labels[::-1].copy(),
              samples=run.samples[["id"]].iloc[::-1].reset_index(drop=True))  # fmt: skip
    page("synthetic/baseline", "other/pa", run="synthetic")
    started = time.perf_counter()
    page("synthetic/baseline", "other/pa", run="synthetic", along="exits")
    assert time.perf_counter() - started < 5


def test_the_files_of_a_figure_say_its_entries_whatever_the_sidebar_shows(small_run, shifted):
    app = page("shifted/baseline", "shifted/pa/weights:uniform")
    for name in ("compare-accuracy", "compare-falls"):
        about = payloads(app)[name]["about"]
        assert about["text"].startswith(
            "Run shifted, predictor baseline and pa with shifted/baseline; shifted/pa weights=uniform, split test; "
        )
        assert about["file"] == f"shifted-baseline-and-pa-{name}"


def test_what_is_saved_of_the_entries_has_their_predictors_and_every_exit(
    small_run, runs, small_logits, small_labels, saved
):
    write_run(
        runs / "short", logits=small_logits[:4], labels=small_labels, samples=small_run.samples[["id", "split"]],
        costs={"MACs": [2e6, 4e6, 6e6, 9e6]},
    )  # fmt: skip
    page("small/pa/weights:uniform", "short/pa/weights:uniform")
    shown = saved["compared"][1]["shown"]()
    assert shown["predictor"].tolist() == ["PA weights=uniform"] * 2
    exits = [f"accuracy at exit {place}, %" for place in range(1, 8)]
    assert list(shown.columns)[5:12] == exits
    found = {key: results_of(load_run(runs / key), "pa", {"weights": "uniform"}).accuracy for key in ("small", "short")}
    assert shown.loc[0, exits].tolist() == [f"{100 * value:.2f}" for value in found["small"]]
    assert shown.loc[1, exits].tolist() == [f"{100 * value:.2f}" for value in found["short"]] + [""] * 3
    assert shown["accuracy at the last exit, %"].tolist() == [shown.loc[0, exits[6]], shown.loc[1, exits[3]]]
    rows = list(csv.DictReader(io.StringIO(text(saved, "compared", "csv").lstrip("\ufeff"))))
    assert [float(rows[0][f"accuracy_exit_{place}"]) for place in range(1, 8)] == pytest.approx(found["small"])
    assert [rows[1][f"accuracy_exit_{place}"] for place in (5, 6, 7)] == [""] * 3
    page("small/baseline", "small/pa")
    assert "accuracy at the last exit, %" not in saved["compared"][1]["shown"]()  # it is the last of all exits


def test_a_word_that_many_match_takes_none_by_itself(small_run):
    assert not page().multiselect(key="control:entries").proto.select_all
