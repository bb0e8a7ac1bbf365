"""The log of a training run and its figure: what a file may hold, what is drawn of it."""

import json

import numpy as np
import pytest

from analysis.figures.training_curves import training_curves_figure
from analysis.results.training_log import training_log
from analysis.storage import find_run, load_run
from analysis.words.training import curves_title


def drawn(log, exit_names):
    title = curves_title(log.epoch, log.loss, log.accuracy)
    return training_curves_figure(log.epoch, log.loss, log.accuracy, exit_names=exit_names, title=title)


def rows(n=3, exits=2, **more):
    return [
        {"epoch": i, "train_loss": 4.0 - i}
        | {f"calibration_accuracy_exit_{m}": 0.1 * i + 0.01 * m for m in range(1, exits + 1)}
        | more
        for i in range(1, n + 1)
    ]


def test_columns_come_by_exit_and_epoch():
    log = training_log({"log": rows(n=3, exits=12)})
    assert log.accuracy.shape == (12, 3)
    assert log.accuracy[9].tolist() == pytest.approx([0.2, 0.3, 0.4])  # the tenth exit, not the second by spelling
    assert log.loss.tolist() == [3.0, 2.0, 1.0]


@pytest.mark.parametrize(
    "log",
    [None, "text", [], rows(1), [1, 2], rows(epoch="one"), rows(train_loss=None), [{"epoch": 1}, {"epoch": 2}]],
)
def test_what_is_no_log_is_left_out(log):
    assert training_log({"log": log}) is None


def test_missing_numbers_are_nan_and_the_rest_is_drawn():
    broken = rows(3)
    del broken[1]["calibration_accuracy_exit_2"]
    broken[2]["calibration_accuracy_exit_1"] = True
    log = training_log({"log": broken})
    assert np.isnan(log.accuracy[1, 1])
    assert np.isnan(log.accuracy[0, 2])
    figure = drawn(log, ["<a>", "<b>"])
    assert [trace.yaxis for trace in figure.data] == ["y", "y2", "y2"]
    assert "<a>" not in json.dumps(figure.to_plotly_json(), default=list)  # names from files are text


def test_a_log_without_held_out_accuracies_shows_its_loss():
    figure = drawn(training_log({"log": rows(exits=0)}), ["1", "2"])
    assert len(figure.data) == 1
    assert "Over 3 epochs the training loss goes from 3 to 1" in figure.layout.title.text


def test_the_bundled_run_shows_what_its_log_ends_with():
    run = load_run(find_run("msdnet-cifar100"))
    last = run.provenance["log"][-1]
    figure = drawn(training_log(run.provenance), run.exit_names)
    assert len(figure.data) == 1 + run.n_exits
    assert figure.data[-1].y[-1] == pytest.approx(100 * last[f"calibration_accuracy_exit_{run.n_exits}"])
    assert f"{100 * last[f'calibration_accuracy_exit_{run.n_exits}']:.1f}%" in figure.layout.title.text
