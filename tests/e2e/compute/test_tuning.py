"""Tuned settings on the compute page by AppTest: what is asked for, what comes of it, and its way into the address."""

import io
import json

import pandas as pd
import pytest

from analysis.cli import main
from analysis.words.deciding.tuning import cost_sentences
from tests.e2e.pages import address, figures, opened, title, words
from tests.golden.screens import saved


@pytest.fixture
def asked(monkeypatch, capsys):
    """What the page asks for is computed at once, here."""
    from app.views.compute import tune

    class Commands(list):
        notes = ()

    commands = Commands()

    def at_once(name, argv, **words):
        commands.append(argv)
        commands.notes = (*commands.notes, words["note"])
        assert main(list(argv)) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    monkeypatch.setattr(tune, "long_work", at_once)
    return commands


def shown(**controls):
    app = opened("compute", **({"run": "small", "predictor": "pa", "poe": "1", "below": "tune"} | controls))
    assert not app.exception, [error.value for error in app.exception]
    return app


def test_the_frontier_is_the_command_s_and_what_is_chosen_is_taken_over(small_run, asked, capsys):
    app = shown(max_falling="20", fall_over="0.05")
    argv = ["tune", "small", "--max-falling", "20", "--threshold", "0.05", "--cost-unit", "MACs", "--format", "json"]
    assert main(argv) == 0
    numbers = json.loads(capsys.readouterr().out)
    table = pd.read_csv(io.StringIO(saved(app)["tuning"]), keep_default_na=False)
    assert table["falling_percent"].tolist() == pytest.approx([row["falling_percent"] for row in numbers["candidates"]])
    assert table["chosen"].tolist() == [row["chosen"] for row in numbers["candidates"]]
    assert set(table["fitted_on"]) == {"small calibration"}
    assert "Tuned PA on the samples left out" in title(figures(app)["tuning"])
    assert "Fitted on 100 samples of small (calibration)." in words(app)
    assert "fitted on test" not in words(app)
    assert "On the 100 samples fitted on, computed beside the app." in asked.notes
    assert " ".join(cost_sentences(numbers, [""] * len(table))[:1]) in words(app)
    app.button(key="use-tuned").click().run()
    assert not app.exception
    chosen = table[table["chosen"].astype(str) == "True"]["candidate"].item()
    held = dict(part.split(":") for part in address(app)["set"].split(","))
    assert ", ".join(f"{name} {value}" for name, value in held.items()) == chosen
    assert address(app)["poe"] == "1"


def test_what_holds_no_limit_is_not_the_page_s_first_choice(small_run, asked):
    app = shown(max_falling="0", fall_over="0", fit="test")
    assert "No setting of PA holds the limit on falls" in title(figures(app)["tuning"])
    assert "No setting tried holds the limit: on the samples fitted on at least " in words(app)
    button = app.button(key="use-tuned")
    assert (button.label, button.proto.type) == ("Use it all the same", "secondary")
    held = shown(max_falling="100", fall_over="0.05")
    button = held.button(key="use-tuned")
    assert (button.label, button.proto.type) == ("Use this setting", "primary")


def test_a_point_takes_its_own_setting(monkeypatch):
    from app.views.compute import tune

    held = {}
    monkeypatch.setattr(tune.state, "set", held.__setitem__)
    texts = [{}, {"weights": "uniform", "cap": "6"}]
    tune._take({"customdata": [1, "x"]}, texts)
    assert held == {"set": "weights:uniform,cap:6", "poe": True}
    held.clear()
    for nonsense in (None, [2, "x"], [-1, "x"], ["1", "x"], [1]):
        tune._take({"customdata": nonsense}, texts)
    assert not held


def test_the_ensemble_s_weights_are_fitted_and_taken_over(small_run, asked):
    app = shown(predictor="exit-ensemble")
    assert "Fitted weights of Ensemble" in words(app)
    app.button(key="use-tuned").click().run()
    assert address(app)["set"].startswith("weights:1,")
    assert not app.exception
    assert "is not used" not in words(app)


def test_likelihood_keeps_the_settings_on_screen(small_run, asked):
    app = shown(tune_by="likelihood", set="weights:uniform,temperature:3")
    assert "weights=uniform" in asked[-1]
    assert not [part for part in asked[-1] if part.startswith("temperature")]
    app.button(key="use-tuned").click().run()
    assert address(app)["set"].startswith("weights:uniform,temperature:")


def test_what_is_fitted_on_what_is_measured_says_so(imageless_run, asked):
    app = shown(run="imageless", tune_by="likelihood", fit="test")
    assert "--allow-test-fitting" in asked[-1]
    assert "fitted on test" in words(app)
    drawn = shown(run="imageless", tune_by="likelihood", fit="random:0.5", fit_seed="3")
    assert asked[-1][asked[-1].index("--calibration") + 1 :][:3] == ["random:0.5", "--seed", "3"]
    assert "seed 3" in words(drawn)


def test_laws_travel_into_the_command(small_run, asked):
    shown(policy_set="law:exponential,mean:3000000", rules="", policy="confidence")
    assert asked[-1][asked[-1].index("--law") + 1] == "exponential"
    assert "mean=3000000.0" in asked[-1]


def test_where_nothing_is_to_tune_it_says_why(small_run, unlabelled_run, imageless_run):
    assert "Nothing of MoE is tuned" in words(shown(predictor="moe"))
    assert "Settings are tuned on labels" in words(shown(run="unlabelled"))
    assert "need the exits" in words(shown(run="imageless"))
