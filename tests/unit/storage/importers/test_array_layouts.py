"""What each layout of arrays is imported as, or which sentence says what is needed.

Layouts of public projects, by the names of their repositories: window-early-exit (dictionaries of heads, costs as a
table), MutiExitDNNs (a table of answers), multi-modal-early-exit (two .npz with `arr_0`), code for offloading
(`logit_branch_1_class_1`, `conf_branch_1`), DeeBERT and BERxiT (one score per layer).
"""

import json
import pickle
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import save_file

from analysis.storage.importers import Sources, import_run
from analysis.storage.validation import validate_run

EXITS, SAMPLES, CLASSES = 12, 40, 5
X = np.random.default_rng(0).normal(0, 3, (EXITS, SAMPLES, CLASSES)).astype(np.float32)
Y = np.random.default_rng(1).integers(0, CLASSES, SAMPLES)
X3 = X[:3]


def batches(size: int, x: np.ndarray = X3) -> list[np.ndarray]:
    return [x[:, start : start + size] for start in range(0, x.shape[1], size)]


def label_batches(size: int) -> list[np.ndarray]:
    return [Y[start : start + size] for start in range(0, SAMPLES, size)]


def objects(items) -> np.ndarray:
    """An array of objects, of which NumPy makes no array with more axes."""
    array = np.empty(len(items), object)
    for place, item in enumerate(items):
        array[place] = item
    return array


def softmax(x: np.ndarray) -> np.ndarray:
    exponentials = np.exp(x.astype(np.float64))
    return exponentials / exponentials.sum(-1, keepdims=True)


HEADS = {f"head{exit_}": X3[exit_] for exit_ in range(3)}
TENSORS = {name: torch.from_numpy(array) for name, array in HEADS.items()}
WINDOW = {"afp, wfp": {"imagenet": TENSORS, "imagenet_val": {name: array[:8] for name, array in TENSORS.items()}}}
SHUFFLED = {f"exit_{exit_ + 1}": X[exit_] for exit_ in (0, 9, 10, 11, 1, 2, 3, 4, 5, 6, 7, 8)}
BRANCHES = pd.DataFrame(
    {f"logit_branch_{exit_ + 1}_class_{c + 1}": X3[exit_, :, c] for exit_ in range(3) for c in range(CLASSES)}
    | {f"conf_branch_{exit_ + 1}": X3[exit_, :, 0] for exit_ in range(3)}
    | {"target": Y}
)
SHORT = pd.DataFrame({f"e{e}_c{c}": X3[e, :, c] for e in range(3) for c in range(CLASSES)} | {"lbl": Y})
LONG = pd.DataFrame(
    [
        {
            "sample": f"s{sample}",
            "exit": e + 1,
            "label": Y[sample],
            "pred": X3[e, sample].argmax(),
            "pixels": 7 * sample,
        }
        | {f"c{c}": X3[e, sample, c] for c in range(CLASSES)}
        for e in (2, 0, 1)
        for sample in range(SAMPLES)
    ]
)
"""A row for each sample and exit, the exits not in their order; `pred` differs between the rows of a sample."""
CONFIDENCES = pd.DataFrame({f"conf_branch_{e}": np.full(9, 0.5) for e in (1, 2)} | {"target": range(9)})
ANSWERS = pd.DataFrame({str(exit_): Y % 2 for exit_ in range(4)} | {"op_labels": Y % 2})


def write(path: Path, content: object) -> Path:
    """Save content in the format that the name says."""
    if path.suffix == ".npz":
        np.savez(path, **content)
    elif path.suffix == ".pth":
        torch.save(content, path)
    elif path.suffix == ".safetensors":
        save_file(content, path)
    elif path.suffix == ".json":
        path.write_text(json.dumps(content))
    elif path.suffix in (".csv", ".tsv"):
        content.to_csv(path, sep="\t" if path.suffix == ".tsv" else ",", index=path.suffix == ".csv")
    elif path.suffix == ".npy":
        np.save(path, content)
    else:
        path.write_bytes(pickle.dumps(content))
    return path


IMPORTED = {
    # name: (file, what it holds, logits, labels, kind, what is printed of them)
    "numbers, not the alphabet, order": (
        *("x.npz", {**SHUFFLED, "labels": Y}, X, Y, "logits"),
        "Logits: x.npz: exit_1 ... exit_12 (12 exits); labels: x.npz: labels",
    ),
    "head0": ("x.p", {**HEADS, "y": Y}, X3, Y, "logits", "x.p: head0, head1, head2 (3 exits); labels: x.p: y"),
    "logits_3": (
        *("x.safetensors", {**{f"logits_{e}": X3[e] for e in range(3)}, "fine_labels": Y}, X3, Y, "logits"),
        "x.safetensors: logits_0, logits_1, logits_2 (3 exits); labels: x.safetensors: fine_labels",
    ),
    "names with two numbers": (
        *("x.p", {**{f"layer{4 * e}_exit{e}": X[e] for e in range(12)}, "labels": Y}, X, Y, "logits"),
        "layer0_exit0 ... layer44_exit11 (12 exits)",
    ),
    "decimal numbers": (
        *("x.p", {f"exit_{depth}": X3[e] for e, depth in enumerate(("0.25", "0.5", "1.0"))}, X3, None, "logits"),
        "exit_0.25, exit_0.5, exit_1.0 (3 exits); labels: none",
    ),
    "numbers alone": ("x.p", dict(enumerate(X3)), X3, None, "logits", "x.p: 0, 1, 2 (3 exits); labels: none"),
    "names in bytes": (
        *("x.p", {b"exit_1": X3[0], b"exit_2": X3[1], b"labels": Y}, X3[:2], Y, "logits"),
        "x.p: exit_1, exit_2 (2 exits); labels: x.p: labels",
    ),
    "logits before probabilities": (
        *(
            "x.p",
            {f"{n}_{e}": f(X3[e]) for e in range(3) for n, f in (("probs", softmax), ("logits", np.array))},
        ),
        *(X3, None, "logits", "x.p: logits_0, logits_1, logits_2 (3 exits)"),
    ),
    "probabilities by name": (
        *("x.p", {f"probs_{e}": softmax(X3[e]) for e in range(3)}, np.log(softmax(X3)), None, "probs"),
        "Probabilities: x.p: probs_0, probs_1, probs_2 (3 exits)",
    ),
    "splits by name": (
        "x.npz",
        {f"{s}_exit_{e}": X3[e][cut] for e in range(3) for s, cut in (("val", slice(8)), ("test", slice(8, 40)))}
        | {"val_labels": Y[:8], "test_targets": Y[8:]},
        *(np.roll(X3, -8, 1), np.roll(Y, -8), "logits"),
        "x.npz: test_exit_0, test_exit_1, test_exit_2 (3 exits); labels: x.npz: test_targets",
    ),
    "a dictionary of exits": (
        *("x.p", {"outputs": HEADS, "labels": Y}, X3, Y, "logits"),
        "x.p: outputs (3 exits); labels: x.p: labels",
    ),
    "a dictionary for each exit": (
        *("x.p", {f"exit_{e + 1}": {"logits": X3[e], "labels": Y} for e in range(3)}, X3, Y, "logits"),
        "x.p: exit_1, exit_2, exit_3: logits of each (3 exits); labels: x.p: exit_1, exit_2, exit_3: labels of each",
    ),
    "a dictionary for each exit, in a list": (
        *("x.p", [{"logits": x, "labels": Y} for x in X3], X3, Y, "logits"),
        "x.p: logits of each (3 exits); labels: x.p: labels of each",
    ),
    "a dictionary for each split": (
        *("x.p", {"test": {"logits": X3, "labels": Y}}, X3, Y, "logits"),
        "x.p: test/logits; labels: x.p: test/labels",
    ),
    "test_logits and val_logits": (
        "x.npz",
        {"val_logits": X3[:, :8], "val_labels": Y[:8], "test_logits": X3[:, 8:], "labels_test": Y[8:]},
        *(np.roll(X3, -8, 1), np.roll(Y, -8), "logits"),
        "Logits: x.npz: test_logits; labels: x.npz: labels_test",
    ),
    "records under a name": (
        *(
            "x.p",
            {"epoch": 3, "samples": [{"logits": x, "label": int(y)} for x, y in zip(X3.transpose(1, 0, 2), Y)]},
        ),
        *(X3, Y, "logits", "x.p: samples: logits of each (40 samples); labels: x.p: samples: label of each"),
    ),
    "an array of objects": (
        *("x.p", {"logits": objects(X3), "labels": objects(Y.tolist())}, X3, Y, "logits"),
        "x.p: logits (3 arrays); labels: x.p: labels",
    ),
    "an array of objects in .npz": (
        *("x.npz", {"logits": objects(X3), "labels": Y, "names": objects(["a", None])}, X3, Y, "logits"),
        "x.npz: logits (3 arrays); labels: x.npz: labels",
    ),
    "batches in .npy": (
        *("x.npy", objects(batches(16)), X3, None, "logits"),
        "x.npy (3 batches); labels: none",
    ),
    "a dictionary in .npy": (
        *("x.npy", np.array({"logits": X3, "labels": Y}, dtype=object), X3, Y, "logits"),
        "x.npy: logits; labels: x.npy: labels",
    ),
    "an array of objects in an array of objects": (
        *("x.p", (objects([objects(batch) for batch in batches(16)]), Y), X3, Y, "logits"),
        "(3 batches of 3 exits)",
    ),
    "batches": (
        *("x.p", {"logits": batches(16), "labels": label_batches(16)}, X3, Y, "logits"),
        "x.p: logits (3 batches); labels: x.p: labels",
    ),
    "equal batches, of which the labels tell the axis": (
        *("x.p", (batches(10), label_batches(10)), X3, Y, "logits"),
        "(4 batches)",
    ),
    "batches with the samples first": (
        *("x.pth", [torch.from_numpy(b.transpose(1, 0, 2).copy()) for b in batches(16, X)], X, Y, "logits"),
        "(3 batches); labels: y.npy",
    ),
    "batches of exits": ("x.p", ([list(b) for b in batches(10)], Y), X3, Y, "logits", "(4 batches of 3 exits)"),
    "exits in batches": (
        *("x.p", ([[b[e] for b in batches(10)] for e in range(3)], Y), X3, Y, "logits"),
        "(3 exits in 4 batches)",
    ),
    "as many batches as exits, the last one smaller": (
        *("x.p", ([list(b) for b in batches(16)], Y), X3, Y, "logits"),
        "(3 batches of 3 exits)",
    ),
    "batches of one sample": (
        *("x.p", ([[x[None] for x in sample] for sample in X3.transpose(1, 0, 2)], Y), X3, Y, "logits"),
        "(40 batches of 3 exits)",
    ),
    "numbered exits in batches": (
        *("x.p", {f"head{e}": [b[e] for b in batches(16)] for e in range(3)} | {"labels": Y}, X3, Y, "logits"),
        "x.p: head0, head1, head2 (3 exits); labels: x.p: labels",
    ),
    "(logits, labels) of each batch": (
        *("x.p", list(zip(batches(16), label_batches(16))), X3, Y, "logits"),
        "x.p (3 batches); labels: x.p: the labels of each",
    ),
    "a dictionary for each batch": (
        *(
            "x.p",
            [{**dict(zip(HEADS, b)), "labels": y} for b, y in zip(batches(16), label_batches(16))],
        ),
        *(X3, Y, "logits", "x.p (3 batches of 3 exits); labels: x.p: labels of each"),
    ),
    "a dictionary for each sample": (
        *("x.p", [{"logits": x, "label": int(y)} for x, y in zip(X.transpose(1, 0, 2), Y)], X, Y, "logits"),
        "x.p: logits of each (40 samples); labels: x.p: label of each",
    ),
    "an array for each sample": (
        *("x.p", (list(X.transpose(1, 0, 2)), Y), X, Y, "logits"),
        "x.p: logits (40 arrays); labels: x.p: the second array",
    ),
    "lists of numbers": ("x.p", (X3.tolist(), Y.tolist()), X3, Y, "logits", "x.p: logits; labels: x.p: the second"),
    "JSON": (
        *("x.json", {"logits": X3.tolist(), "labels": [None, *Y[1:].tolist()]}, X3, [-1, *Y[1:]], "logits"),
        "Logits: x.json: logits; labels: x.json: labels",
    ),
    "exits of other precision": (
        *(
            "x.p",
            ([X3[0].astype(np.float16).astype(np.float32), X3[1], X3[2].astype(np.float64)], Y),
        ),
        *(np.stack([X3[0].astype(np.float16), *X3[1:]]), Y, "logits", "x.p: logits (3 arrays)"),
    ),
    "one dictionary in another": (
        *("x.p", {"args": {"epochs": 3}, "results": {"run": {"logits": X3, "labels": Y}}}, X3, Y, "logits"),
        "x.p: results/run/logits; labels: x.p: results/run/labels",
    ),
    "a place": (
        *("x.pth::afp, wfp/imagenet", WINDOW, X3, Y, "logits"),
        "Logits: x.pth: afp, wfp/imagenet/head0, head1, head2 (3 exits); labels: y.npy",
    ),
    "a place with labels beside it": (
        *("x.p::b", {"a": X3[:, ::-1], "b": X3, "labels": Y}, X3, Y, "logits"),
        "Logits: x.p: b; labels: x.p: labels",
    ),
    "arr_0": ("x.npz", {"arr_0": X3}, X3, Y, "logits", "Logits: x.npz; labels: y.npy"),
    "a column for each exit and class": (
        *("x.csv", BRANCHES, X3, Y, "logits"),
        "Logits: x.csv: logits; labels: x.csv: target",
    ),
    "a table of as many samples as classes": (
        *("x.csv", BRANCHES[:CLASSES], X3[:, :CLASSES], Y[:CLASSES], "logits"),
        "Logits: x.csv: logits; labels: x.csv: target",
    ),
    "a table of fewer samples than classes": (
        *("x.csv", BRANCHES[:3].drop(columns="target"), X3[:, :3], None, "logits"),
        "Logits: x.csv: logits; labels: none",
    ),
    "a short name for each exit and class": (
        *("x.csv", SHORT, X3, Y, "logits"),
        "Logits: x.csv: logits; labels: x.csv: lbl",
    ),
    "a row for each sample and exit": (
        *("x.csv", LONG, X3, Y, "logits"),
        "Logits: x.csv: logits; labels: x.csv: label",
    ),
    "a row for each sample and exit, of probabilities": (
        "x.tsv",
        pd.DataFrame(
            {"Exit": np.repeat(range(3), SAMPLES), "id": [*range(SAMPLES)] * 3, "y_true": [*Y] * 3}
            | {f"prob_{c}": softmax(X3).reshape(-1, CLASSES)[:, c] for c in range(CLASSES)}
        ),
        *(np.log(softmax(X3)), Y, "probs", "x.tsv: probs; labels: x.tsv: y_true"),
    ),
    "the exits of one split, labels beside them": (
        *("x.p", {"val": HEADS, "y_true": Y}, X3, Y, "logits"),
        "x.p: val/head0, head1, head2 (3 exits); labels: x.p: y_true",
    ),
    "batches whose labels are columns": (
        *("x.p", [(x, y[:, None]) for x, y in zip(batches(16), label_batches(16))], X3, Y, "logits"),
        "x.p (3 batches); labels: x.p: the labels of each",
    ),
    "named batches whose labels are columns": (
        *("x.p", [{"out": x, "gt": y[:, None]} for x, y in zip(batches(16), label_batches(16))], X3, Y, "logits"),
        "x.p: out of each (3 batches); labels: x.p: gt of each",
    ),
    "a dictionary for each exit, labels of the test split": (
        *("x.p", [{"out": x, "test_labels": Y[:, None]} for x in X3], X3, Y, "logits"),
        "x.p: out of each (3 exits); labels: x.p: test_labels of each",
    ),
}
"""Layout -> file (or place in it), content, logits, labels (None: none), kind, what the note holds."""
LABELS_BESIDE = {"batches with the samples first", "a place", "arr_0"}
SAMPLES_FIRST = {"batches with the samples first", "an array for each sample", "a dictionary for each sample"}


@pytest.mark.parametrize("layout", IMPORTED)
def test_a_layout_is_imported(tmp_path, layout):
    file, content, logits, labels, kind, note = IMPORTED[layout]
    write(tmp_path / file.split("::")[0], content)
    options = {}
    if layout in LABELS_BESIDE:
        options["labels"] = [write(tmp_path / "y.npy", Y)]
    if layout in SAMPLES_FIRST:
        options["axes"] = ("samples", "exits", "classes")
    imported = import_run(Sources([f"{tmp_path}/{file}"], **options), tmp_path / "run")
    run = validate_run(imported.run.path)
    assert run.logits.shape == logits.shape
    np.testing.assert_allclose(run.logits.read(0, run.n_samples), logits, rtol=1e-6)
    assert run.kind == kind
    assert any(note in line for line in imported.notes), imported.notes
    if labels is None:
        assert not run.has_labels
    else:
        np.testing.assert_array_equal(run.labels, labels)


CLASSES_DIFFER = [X3[0], X3[1], np.zeros((SAMPLES, 7), np.float32)]
SHAPES = "(40, 5), (40, 5), (40, 7)"
REFUSED = {
    "exits of different classes": (
        "x.p",
        (CLASSES_DIFFER, Y),
        f"numbers of classes, in arrays of shape {SHAPES}: give",
    ),
    "numbered exits of different classes": (
        *("x.npz", {f"exit_{e}": x for e, x in enumerate(CLASSES_DIFFER)}),
        f"x.npz: exit_0, exit_1, exit_2: the exits have different numbers of classes, in arrays of shape {SHAPES}",
    ),
    "exits of different samples": (
        *("x.p", [X3[0], X3[1], X3[2][:9]]),
        "x.p: the arrays have different numbers of samples, (40, 5), (40, 5), (9, 5): give every exit's logits",
    ),
    "one logit": (
        *("x.npz", {"logits": X3[..., :1], "labels": Y % 2}),
        "x.npz: logits holds one number for each sample and exit (3, 40, 1): PA needs a logit for each class",
    ),
    "one logit with the samples first": (
        *("x.npz", {"logits": X3[..., :1].transpose(1, 0, 2), "labels": Y % 2}),
        "has shape (40, 3, 1) and an axis of length 1 may be one exit or one class: say which axis is which",
    ),
    "one logit in a list": (
        "x.p",
        (list(X3[..., :1]), Y % 2),
        "one number for each sample and exit (3, 40, 1): PA needs",
    ),
    "one vector for each exit": (
        "x.p",
        (list(X3[..., 0]), Y % 2),
        "x.p: the first list holds one number for each sample",
    ),
    "a numbered vector for each exit": (
        *("x.npz", {"exit_1": X3[0, :, 0], "exit_2": X3[1, :, 0]}),
        "x.npz: exit_1, exit_2 holds one number for each sample and exit, no logits of every class",
    ),
    "the answers of each exit": (
        "x.p",
        [Y, Y, Y],
        "x.p holds answers for each sample and exit, no logits of every class",
    ),
    "as many equal batches as exits": (
        *("x.p", [[X3[e, 10 * b : 10 * b + 10] for b in range(3)] for e in range(3)]),
        "x.p is 3 lists of 3 arrays, and nothing tells which axis holds the samples: say it with --axes "
        "exits,samples,classes ((3, 30, 5)) or --axes samples,exits,classes ((30, 3, 5))",
    ),
    "equal batches without labels": (
        *("x.p", batches(10)),
        "x.p is 4 batches, and nothing tells which axis holds the samples: say it with --axes samples,exits,classes",
    ),
    "two arrays, batches or splits": (
        *("x.p", [X3, X3[:, :10]]),
        "x.p is two arrays of shape (3, 40, 5) and (3, 10, 5), batches or two splits: give the labels, or say --axes "
        "exits,samples,classes if they are batches of one",
    ),
    "records of which the labels do not tell the exits": (
        *("x.p", [{"logits": x, "label": 0} for x in X3.transpose(1, 0, 2)]),
        "the labels do not tell the exits from the classes: say which axis is which with --axes samples,exits,classes",
    ),
    "one-hot labels": ("x.p", (X3, np.eye(5)[Y]), "x.p is no (logits, targets): the second array has shape (40, 5)"),
    "numbers from the end": ("x.p", {-1: X3[0], -2: X3[1]}, "x.p holds -1, -2: call the arrays logits and labels"),
    "lists that fit in no way": ("x.p", [[X3[0], X3[1][:8]], [X3[0]]], "give every exit the same batches"),
    "batches of other exits and samples": (
        "x.p",
        [X3, X[:4, :9]],
        "(3, 40, 5), (4, 9, 5), which fit together along no",
    ),
    "batches of one exit": (
        *("x.p", [{"logits": batch[0], "labels": y} for batch, y in zip(batches(16), label_batches(16))]),
        "x.p is a list of 3 arrays (samples, classes) with labels of their own, which are batches of one exit",
    ),
    "batches of one exit with labels": (
        *("x.p", [(X3[0, :16], Y[:16]), (X3[0, 16:32], Y[16:32])]),
        "x.p is a list of 2 arrays (samples, classes) with labels of their own, which are batches of one exit",
    ),
    "an array for each sample, without labels": (
        *("x.p", list(X3.transpose(1, 0, 2))),
        "x.p has shape (40, 3, 5) and no labels tell which axis holds the samples: say which axis is which",
    ),
    "an exit without a number": (
        *("x.npz", {"exit_1": X3[0], "exit_2": X3[1], "final": X3[2], "labels": Y}),
        "x.npz holds exit_1, exit_2 and final, all of shape (40, 5): give it a number too if it is an exit",
    ),
    "numbers that tell no order": (
        *("x.p", {f"exit_{e}_seed_{s}": X3[e] for e in range(2) for s in range(2)}),
        "the numbers in exit_0_seed_0, exit_0_seed_1, exit_1_seed_0, exit_1_seed_1 do not tell one order",
    ),
    "two families of exits": (
        *("x.p", {f"{name}_{e}": X3[e] for name in ("exit", "branch") for e in range(2)}),
        "x.p holds exit_0, exit_1 and branch_0, branch_1: keep one of them",
    ),
    "exits beside an array": ("x.p", {**HEADS, "all": X3}, "x.p holds head0, head1, head2 and all: keep one of them"),
    "numbers whose name means no exits": (
        *("x.npz", {"layer_1": X3[0], "layer_2": X3[1], "labels": Y}),
        "x.npz holds layer_1, layer_2: call them exit_1, exit_2 and so on if they are the exits' logits",
    ),
    "features": ("x.npz", {"hidden": X3, "labels": Y}, "x.npz holds hidden, labels: call the arrays logits and labels"),
    "labels that differ between exits": (
        *("x.p", {f"exit_{e}": {"logits": X3[e], "labels": np.roll(Y, e)} for e in range(2)}),
        "x.p: exit_0, exit_1: the labels of exits 1 and 2 differ: give every exit the same samples",
    ),
    "several dictionaries": (
        *("x.pth", WINDOW),
        "x.pth holds logits in several dictionaries: say which with 'x.pth::afp, wfp/imagenet' or "
        "'x.pth::afp, wfp/imagenet_val'",
    ),
    "no such place": ("x.pth::afp, wfp/cifar", WINDOW, "holds imagenet, imagenet_val, and nothing called 'cifar'"),
    "weights in a dictionary": (
        *("x.pth", {"epoch": 3, "model_state_dict": {"exit.1.weight": torch.zeros(3, 5)}}),
        "x.pth holds a network's weights, not logits",
    ),
    "a table of answers": (
        *("x.tsv", ANSWERS),
        "x.tsv is a table with the answers of exits in 0, 1, 2, 3, and no logits or probabilities: give the logits of "
        "every class as .npz with logits (exits, samples, classes) and labels, or a column for each exit and class",
    ),
    "a table of confidences": (
        *("x.csv", CONFIDENCES),
        "x.csv is a table with one number per exit in conf_branch_1, conf_branch_2, and no logits or probabilities",
    ),
    "a table of classes whose exits are not told": (
        *("x.csv", LONG.drop(columns="exit")),
        "x.csv is a table with the columns sample ... c4, and no logits or probabilities: give the logits of every "
        "class as .npz with logits (exits, samples, classes) and labels, or a column for each exit and class, such as "
        "logit_1_1 or e0_c0, or a row for each sample and exit, with the columns sample, exit and c0, c1 and so on",
    ),
    "a sample without a row for one exit": (
        *("x.csv", LONG.drop(index=3)),
        "x.csv: sample s3 has 2 rows, for 2 of the 3 exits: give every sample one row for each exit",
    ),
    "a sample with two rows for one exit": (
        *("x.csv", LONG.assign(exit=LONG["exit"].where(LONG.index != 3, 1))),
        "x.csv: sample s3 has 3 rows, for 2 of the 3 exits: give every sample one row for each exit",
    ),
    "exits by name in a row for each": (
        *("x.csv", LONG.assign(exit=LONG["exit"].map({1: "early", 2: "middle", 3: "late"}))),
        "x.csv: the column exit must hold the exits' numbers: 1, 2 and so on",
    ),
    "a row without its exit": (
        *("x.csv", LONG.assign(exit=LONG["exit"].where(LONG.index != 4))),
        "x.csv: exit is empty in row 5: give every row its sample and exit",
    ),
    "labels that differ between the rows of a sample": (
        *("x.csv", LONG.assign(label=range(len(LONG)))),
        "x.csv: label differs between the rows of a sample: give it one label",
    ),
    "one score for each layer": ("x.npy", np.arange(12.0), "x.npy has one axis (12,): logits need three"),
    "entropies": ("x.npy", X3[..., 0], "x.npy has 2 axes (3, 40): logits need three"),
    "JSON within JSON": ("x.json", '{"a":' * 900 + "1" + "}" * 900, "x.json is no readable JSON: export it again"),
    "text": ("x.log", "Epoch 1\nacc 0.5\n", "x.log is text, and logits cannot be read from text: give .npz"),
}
"""Layout -> file, content, what the refusal says."""


@pytest.mark.parametrize("layout", REFUSED)
def test_a_layout_is_refused_in_one_sentence(tmp_path, layout):
    file, content, sentence = REFUSED[layout]
    if isinstance(content, str):
        (tmp_path / file).write_text(content)
    else:
        write(tmp_path / file.split("::")[0], content)
    with pytest.raises(ValueError, match=re.escape(sentence)) as refused:
        import_run(Sources([f"{tmp_path}/{file}"]), tmp_path / "runs" / "run")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("axes", [("exits", "samples", "classes"), ("samples", "exits", "classes")])
def test_what_lists_leave_open_the_caller_says(tmp_path, axes):
    content = [[X3[e, 10 * b : 10 * b + 10] for b in range(3)] for e in range(3)]
    write(tmp_path / "x.p", content)
    imported = import_run(Sources([tmp_path / "x.p"], axes=axes), tmp_path / "run")
    logits = imported.run.logits.read(0, 30)
    if axes[0] == "exits":
        np.testing.assert_array_equal(logits, X3[:, :30])
        assert imported.notes == ["Logits: x.p (3 exits in 3 batches); labels: none"]
    else:  # the batches are the outer list
        np.testing.assert_array_equal(logits[:, :10], np.stack(content[0]))
        assert imported.notes == ["Logits: x.p (3 batches of 3 exits); labels: none"]


def test_axes_that_a_layout_contradicts_are_refused(tmp_path):
    write(tmp_path / "x.p", HEADS)
    sentence = "--axes samples,exits,classes: x.p: head0, head1, head2 is 3 exits, whose axes are exits,samples,classes"
    with pytest.raises(ValueError, match=re.escape(sentence)):
        import_run(Sources([tmp_path / "x.p"], axes=("samples", "exits", "classes")), tmp_path / "run")


def test_large_exits_are_read_in_chunks(tmp_path, monkeypatch):
    """Batches that no chunk begins or ends with."""
    monkeypatch.setattr("analysis.storage.chunking.CHUNK_BYTES", 3 * CLASSES * 4 * 7)
    write(tmp_path / "x.p", ([list(b) for b in batches(16)], Y))
    imported = import_run(Sources([tmp_path / "x.p"]), tmp_path / "run")
    np.testing.assert_array_equal(imported.run.logits.read(0, SAMPLES), X3)


LABELS = {
    # name: (file of labels, what it holds, what the note says, labels)
    "a column of another name": ("y.csv::truth", pd.DataFrame({"id": Y[::-1], "truth": Y}), "y.csv: truth", Y),
    "the only column": ("y.csv", pd.DataFrame({"truth": Y}), "y.csv: truth", Y),
    "a column without a name": ("y.csv", pd.Series(Y), "y.csv: 0", Y),
    "JSON null": ("y.json", [None, *Y[1:].tolist()], "y.json", [-1, *Y[1:]]),
    "JSON by name": ("y.json", {"ids": Y[::-1].tolist(), "targets": Y.tolist()}, "y.json: targets", Y),
    "CIFAR-100": (
        "y.p",
        {b"filenames": ["a"] * 40, b"batch_label": b"1 of 1", b"fine_labels": Y.tolist(), b"coarse_labels": [0] * 40},
        *("y.p: fine_labels", Y),
    ),
    "another array of a file": ("y.npz::coarse", {"coarse": Y, "labels": Y[::-1]}, "y.npz: coarse", Y),
    "in a dictionary": ("y.pth::imagenet/val", {"imagenet": {"val": torch.tensor(Y), "train": 3}}, "imagenet/val", Y),
    "batches": ("y.p", label_batches(16), "y.p", Y),
    "arr_0": ("y.npz", {"arr_0": Y}, "y.npz: arr_0", Y),
}


@pytest.mark.parametrize("layout", LABELS)
def test_labels_elsewhere(tmp_path, layout):
    file, content, where, labels = LABELS[layout]
    write(tmp_path / "x.npy", X3)
    write(tmp_path / file.split("::")[0], content)
    imported = import_run(Sources([tmp_path / "x.npy"], labels=[f"{tmp_path}/{file}"]), tmp_path / "run")
    np.testing.assert_array_equal(imported.run.labels, labels)
    assert imported.notes[-1].startswith("Logits: x.npy; labels: ")
    assert imported.notes[-1].endswith(where)


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        (
            "y.csv",
            pd.DataFrame({"guess": Y, "truth": Y}),
            "--labels y.csv has the columns guess, truth, and none means labels: say which with 'y.csv::guess' or "
            "'y.csv::truth'",
        ),
        ("y.csv::right", pd.DataFrame({"guess": Y, "truth": Y}), "holds guess, truth, and nothing called 'right'"),
        (
            "y.pth",
            {"data": torch.tensor(Y), "data_val": torch.tensor(Y)},
            "--labels y.pth holds data, data_val, and none means labels: say which with 'y.pth::data' or "
            "'y.pth::data_val'",
        ),
        ("y.json", {"a": {"b": 1}}, "--labels y.json: no numbers but values of type object: give one number for each"),
    ],
)
def test_labels_of_which_none_is_named_are_offered(tmp_path, file, content, sentence):
    write(tmp_path / "x.npy", X3)
    write(tmp_path / file.split("::")[0], content)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        import_run(Sources([tmp_path / "x.npy"], labels=[f"{tmp_path}/{file}"]), tmp_path / "run")


def test_two_splits_of_one_file(tmp_path):
    """As window-early-exit saves them, with labels of their own."""
    write(tmp_path / "x.pth", WINDOW)
    write(tmp_path / "y.pth", {"imagenet": torch.tensor(Y), "imagenet_val": torch.tensor(Y[:8])})
    places = [f"{tmp_path}/x.pth::afp, wfp/{name}" for name in ("imagenet", "imagenet_val")]
    labels = [f"{tmp_path}/y.pth::{name}" for name in ("imagenet", "imagenet_val")]
    imported = import_run(Sources(places, labels=labels, splits=["test", "calibration"]), tmp_path / "run")
    assert imported.run.logits.shape == (3, 48, CLASSES)
    assert imported.run.samples["split"].tolist() == ["test"] * 40 + ["calibration"] * 8
    np.testing.assert_array_equal(imported.run.labels, [*Y, *Y[:8]])
    assert [source["place"] for source in imported.run.provenance["sources"]] == [
        "afp, wfp/imagenet",
        "afp, wfp/imagenet_val",
    ]


def test_a_file_whose_name_holds_the_sign_of_a_place(tmp_path):
    write(tmp_path / "x::y.p", (X3, Y))
    assert import_run(Sources([tmp_path / "x::y.p"]), tmp_path / "run").run.has_labels


def test_a_second_npz_of_an_unnamed_array(tmp_path):
    """exit_logits-test.npz and references-test.npz, as multi-modal-early-exit saves them."""
    sources = [
        write(tmp_path / "exit_logits-test.npz", {"arr_0": X3}),
        write(tmp_path / "labels-test.npz", {"arr_0": Y}),
    ]
    np.testing.assert_array_equal(import_run(Sources(sources), tmp_path / "run").run.labels, Y)
