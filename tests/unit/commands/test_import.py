"""`import` and `validate` as a researcher calls them: exit status, one line on standard error, what is left behind."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.storage import load_run

PROJECT = Path(__file__).parents[3]
BUNDLED = str(PROJECT / "cached_runs/msdnet-cifar100/model.safetensors")


@pytest.fixture
def source(tmp_path, small_logits, small_labels) -> Path:
    np.savez(tmp_path / "x.npz", logits=small_logits, labels=small_labels)
    return tmp_path / "x.npz"


def refused(capsys, *arguments) -> str:
    """The one line that a refused call prints."""
    assert main([str(argument) for argument in arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err


def test_everything_at_once(source, runs, tmp_path, capsys, small_logits, small_labels):
    (tmp_path / "classes.txt").write_text("\n".join(f"class {i}" for i in range(20)))
    pd.DataFrame({"id": [f"s{i}" for i in range(400)], "difficulty": np.arange(400)}).to_csv(
        tmp_path / "samples.csv", index=False
    )
    options = ["--dataset", "tiny", "--model", "msdnet", "--title", "Mine", "--costs", "1e6,2e6,3e6,4e6,5e6,6e6,7e6"]
    options += ["--cost-unit", "FLOPs", "--classes", tmp_path / "classes.txt", "--samples", tmp_path / "samples.csv"]
    assert main([str(a) for a in ["import", source, "--out", runs / "mine & yours", *options]]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    run = load_run(runs / "mine & yours")
    np.testing.assert_array_equal(run.logits.read(0, 400), small_logits)
    assert (run.dataset, run.model, run.title) == ("tiny", "msdnet", "Mine")
    assert run.cost() == ("FLOPs", tuple(1e6 * i for i in range(1, 8)))
    assert run.samples["id"].tolist()[-1] == "s399"
    assert run.class_names[19] == "class 19"
    accuracy = 100 * (small_logits.argmax(2) == small_labels).mean(1)
    assert "".join(f"{value:8.2f}" for value in accuracy) in printed.out
    assert "float16 logits" in printed.out
    assert "Logits: x.npz: logits; labels: x.npz: labels" in printed.out
    last = printed.out.splitlines()[-1]
    assert last.startswith("Open it: ")
    assert last.endswith("http://localhost:8501/?run=mine%20%26%20yours&predictor=pa&poe=0")
    assert f"python -m analysis app {runs}   then" in last
    assert main(["validate", "mine & yours"]) == 0
    assert "mine & yours is sound: 7 exits x 400 samples x 20 classes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--costs", "1,2"], "2 costs in MACs for 7 exits"),
        (["--costs", "flops.pth"], "--costs flops.pth: give numbers"),
        (["--axes", "samples,exits,classes"], "has 7 samples and there are 400 labels"),
        (["--axes", "samples"], "--axes samples: give the order"),
        (["--kind", "probs"], "x.npz: logits[0, 0] sums to"),
        (["--splits", "test,calibration"], "names 2 splits for 1 sources"),
        (["--splits", "train"], "'train': use test or calibration"),
        (["--labels", "missing.npy"], "the source holds labels already"),
        (["--samples", "missing.csv"], "there is no such file"),
        (["--classes", "missing.txt"], "there is no such file"),
        (["--images", "missing"], "there is no such file or folder"),
        (["--costs", ""], "--costs : give numbers"),
        (["--splits", ""], "--splits names ''"),
        (["--samples", ""], "--samples .: there is no such file"),
        (["--classes", ""], "--classes .: there is no such file"),
        (["--about", ""], "--about . cannot be read"),
        (["--about", "deep.json"], "--about deep.json cannot be read"),
        (["--classes", "deep.json"], "--classes deep.json is no JSON list"),
        (["--costs", "deep.json"], "--costs deep.json does not hold numbers"),
        (["--costs", "ragged.pkl"], "--costs ragged.pkl: no numbers but lists of different lengths"),
        (["--weights", "", "--arch", "msdnet-cifar100"], "is not a file: give the path"),
        (
            ["--weights", BUNDLED, "--arch", "msdnet-cifar100"],
            "has 7 exits and 100 classes, and the logits have 7 and 20",
        ),
    ],
)
def test_bad_options_are_refused_in_one_line(source, runs, capsys, options, message, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "ragged.pkl").write_bytes(pickle.dumps([[1.0, 2.0], [3.0]]))
    assert message in refused(capsys, "import", source, "--out", runs / "run", *options)
    assert list(runs.iterdir()) == []


@pytest.mark.parametrize("costs", [[], ["--costs", "1,2,3,4,5,6,7"]])
def test_how_costs_were_counted_is_said_of_those_that_were(tmp_path, runs, costs):
    logits = np.random.default_rng(0).normal(size=(7, 5, 100)).astype(np.float32)
    np.savez(tmp_path / "x.npz", logits=logits, labels=np.arange(5))
    weights = ["--weights", BUNDLED, "--arch", "msdnet-cifar100"]
    assert main(["import", str(tmp_path / "x.npz"), "--out", str(runs / "run"), *map(str, weights), *costs]) == 0
    run = load_run(runs / "run")
    assert ("macs" in run.provenance) == (not costs)
    assert (run.costs["MACs"][0] == 1) == bool(costs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda x, y: (x, np.where(np.arange(400) == 3, 20, y)),
            "labels[3] is 20 (sample 4 of 400), no whole number in 0..19 (1 label is none): check the labels; an "
            "unknown one is left empty, or NaN",
        ),
        (
            lambda x, y: (x, np.where(y == 3, np.nan, y + 1)),
            "they seem to run from 1 to 20, and classes count from 0: save each label less 1",
        ),
        (lambda x, y: (x, np.where(y > 0, y + 1, 0)), "check the labels"),  # 0 is there: they do not count from 1
        (lambda x, y: (x, np.where(np.arange(400) == 3, -1, y)), "labels[3] is -1"),
        (lambda x, y: (x, y + 0.5), "(400 labels are none)"),
        (lambda x, y: (x, y[:399]), "no axis has the length of the 399 labels"),
        (lambda x, y: (x[0], y), "has 2 axes (400, 20): logits need three"),
        (lambda x, y: (x[None], y), "has 4 axes"),
        (lambda x, y: (x.astype(np.complex64), y), "dtype complex64: logits must be real numbers"),
    ],
)
def test_bad_arrays_are_refused_and_nothing_is_left(
    tmp_path, runs, capsys, small_logits, small_labels, change, message
):
    logits, labels = change(small_logits, small_labels)
    np.savez(tmp_path / "x.npz", logits=logits, labels=labels)
    assert message in refused(capsys, "import", tmp_path / "x.npz", "--out", runs / "new" / "run")
    assert list(runs.iterdir()) == []


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(("value", "holds"), [(np.nan, "NaN"), (np.inf, "+inf")])
def test_faults_are_named_or_dropped(tmp_path, runs, capsys, small_logits, small_labels, dtype, value, holds):
    logits = small_logits.astype(dtype)
    logits[3, 17, 5] = logits[6, 300, 0] = value
    np.savez(tmp_path / "x.npz", logits=logits, labels=small_labels)
    call = ["import", tmp_path / "x.npz", "--out", runs / "run"]
    line = refused(capsys, *call)
    assert f"logits[3, 17] holds {holds} (exit 4, sample 18 of 400): re-export the run, or drop the sample" in line
    assert "(2 samples are so)" in line
    assert list(runs.iterdir()) == []
    assert main([str(a) for a in [*call, "--drop-nan"]]) == 0
    said = "Dropped 2 of 400 samples with NaN, +inf, numbers beyond float32 or only -inf (id 17, 300)."
    assert said in capsys.readouterr().out
    run = load_run(runs / "run")
    keep = np.delete(np.arange(400), [17, 300])
    np.testing.assert_array_equal(run.logits.read(0, 398), small_logits[:, keep])
    np.testing.assert_array_equal(run.labels, small_labels[keep])
    assert run.samples["id"].tolist() == [str(i) for i in keep]
    pd.DataFrame({"id": np.arange(400) + 1000}).to_parquet(tmp_path / "ids.parquet")  # ids that are numbers
    more = ["--samples", tmp_path / "ids.parquet", "--drop-nan"]
    assert main([str(a) for a in [*call[:-1], runs / "numbered", *more]]) == 0
    assert "(id 1017, 1300)." in capsys.readouterr().out


def test_samples_that_do_not_fit(source, runs, tmp_path, capsys):
    def table(text):
        (tmp_path / "samples.csv").write_text(text)
        return refused(capsys, "import", source, "--out", runs / "run", "--samples", tmp_path / "samples.csv")

    rows = [f"{i}" for i in range(400)]
    assert "--samples has 399 rows for 400 samples" in table("id\n" + "\n".join(rows[:399]))
    assert "id '0' is used twice, by samples 1 and 400" in table("id\n" + "\n".join([*rows[:399], "0"]))
    assert "the split of sample 1 is 'train'" in table("split\n" + "\n".join(["train"] * 400))
    holes = "split\n" + "\n".join(["test"] * 399) + '\n""'
    assert "the split of sample 400 is nan: use test or calibration" in table(holes)
    assert "labels differ from those of the source, first at sample" in table("label\n" + "\n".join(["0"] * 400))
    assert list(runs.iterdir()) == []


def test_an_unknown_label_is_an_empty_cell(tmp_path, runs, small_logits, small_labels):
    np.save(tmp_path / "x.npy", small_logits)
    labels = ["" if i == 5 else str(label) for i, label in enumerate(small_labels)]
    (tmp_path / "samples.csv").write_text("id,label\n" + "\n".join(f"{i},{label}" for i, label in enumerate(labels)))
    call = ["import", tmp_path / "x.npy", "--out", runs / "run", "--samples", tmp_path / "samples.csv"]
    assert main([str(a) for a in call]) == 0
    known = np.where(np.arange(400) == 5, -1, small_labels)
    np.testing.assert_array_equal(load_run(runs / "run").labels, known)


def test_an_existing_out_is_refused_before_anything_is_read(runs, small_run, capsys):
    assert "exists: choose another folder" in refused(capsys, "import", "missing.npz", "--out", small_run.path)


def test_a_source_that_is_not_there_is_said_before_anything_that_goes_with_it(runs, capsys):
    call = ["import", "val.p", "test.p", "--splits", "calibration,test", "--costs", "flops.pth", "--out", runs / "run"]
    assert refused(capsys, *call).startswith("val.p: there is no such file: check the path")


def test_labels_are_said_where_they_were_given(source, runs, tmp_path, small_logits, small_labels, capsys):
    np.savez(tmp_path / "x.npz", logits=small_logits)
    np.savez(tmp_path / "y.npz", ys=small_labels)
    call = ["import", tmp_path / "x.npz", "--labels", tmp_path / "y.npz", "--out", runs / "run"]
    assert main([str(a) for a in call]) == 0
    assert "x.npz: logits; labels: y.npz: ys\n" in capsys.readouterr().out


def test_two_values_after_one_labels_say_that_it_is_repeated(runs, capsys):
    with pytest.raises(SystemExit) as ending:
        main(["import", "x.npy", "--labels", "a.npy", "b.npy", "--out", str(runs / "run")])
    assert ending.value.code == 2
    assert capsys.readouterr().err == (
        "import does not take b.npy: repeat --labels for each, such as --labels a.npy --labels b.npy: "
        "see python -m analysis import --help\n"
    )


def test_probabilities_are_recognised_aloud(tmp_path, runs, small_logits, small_labels, capsys):
    exponentials = np.exp(small_logits.astype(np.float64))
    np.savez(tmp_path / "x.npz", logits=exponentials / exponentials.sum(2, keepdims=True), labels=small_labels)
    assert main(["import", str(tmp_path / "x.npz"), "--out", str(runs / "run")]) == 0
    assert "PA cannot be computed" in capsys.readouterr().out
    assert load_run(runs / "run").kind == "probs"


def test_validate_names_the_damage(damaged_run, runs, capsys):
    assert "logits.safetensors has" in refused(capsys, "validate", "damaged")
    assert "there is no run 'missing'" in refused(capsys, "validate", "missing")


def call(*arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "analysis", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)


def test_a_call_from_the_shell(source, runs):
    done = call("import", source, "--out", runs / "run")
    assert (done.returncode, done.stderr) == (0, "")
    again = call("import", source, "--out", runs / "run")
    assert again.returncode == 2
    assert again.stderr.count("\n") == 1
    assert "Traceback" not in again.stderr


MEASURE = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "analysis", *sys.argv[1:]], stdout=subprocess.DEVNULL)
unit = 1 if sys.platform == "darwin" else 1024
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit)
"""


@pytest.mark.parametrize("order", ["C", "F"])
def test_memory_is_bounded_by_a_chunk_and_not_by_the_array(tmp_path, runs, order):
    """640 MB of logits in less than 400 MB, the interpreter and its libraries included."""
    shape = (5, 32_000, 1000)
    with (tmp_path / "x.npy").open("wb") as file:  # a file full of zeros, which takes no space
        header = {"descr": "<f4", "fortran_order": order == "F", "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 4 * int(np.prod(shape)))
    assert peak_bytes_of("import", tmp_path / "x.npy", "--out", runs / "run") < 400e6


def test_a_pickle_is_not_held_in_memory(tmp_path, runs):
    """250 MB of logits, which held once would take 480 MB, the interpreter and its libraries included."""
    with (tmp_path / "x.p").open("wb") as file:
        pickle.dump((np.zeros((5, 12_500, 1000), np.float32), np.zeros(12_500, int)), file, protocol=4)
    assert peak_bytes_of("import", tmp_path / "x.p", "--out", runs / "run") < 400e6


def peak_bytes_of(*command: object) -> int:
    """The most memory that a command takes, which ends well."""
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, *map(str, command)], capture_output=True, text=True, cwd=PROJECT, check=True
    )
    status, peak_bytes = map(int, measured.stdout.split())
    assert status == 0
    return peak_bytes
