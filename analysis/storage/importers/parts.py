"""From what a file holds to its parts: logits with their labels, one part for each split it holds. Imports numpy.

Shapes that are recognised: an array; (logits, targets) and (logits, targets, args), also as `arr_0`, `arr_1`; one array
per exit in place of the logits; MSDNet's (val_pred, val_target, test_pred, test_target); and names: `logits` with
`labels`, or `test`, `test_labels`, `calibration`, `calibration_labels` and, for each split, `<split>_index`, positions
in the data set. What has a name is taken for labels only where `LABELS_NAMES` has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.storage.importers.floats import as_floats, is_real
from analysis.storage.importers.formats import open_file
from analysis.storage.importers.opcodes import Stub

LOGITS_NAMES = ("logits", "probs", "probabilities", "softmax", "log_probs", "predictions")
LABELS_NAMES = (
    *("labels", "label", "label_ids", "label_id", "targets", "target", "target_ids", "y", "y_true", "y_test", "ys"),
    *(
        "true_labels",
        "true_label",
        "labels_true",
        "gt",
        "gts",
        "gt_labels",
        "gt_label",
        "ground_truth",
        "ground_truths",
    ),
    *("groundtruth", "fine_labels", "fine_label", "class_ids", "class_id", "class_labels", "class_label"),
)
"""Names that mean labels, in every format; upper case and other signs between the words mean the same."""
_NOT_THESE = {"pred", "preds", "predicted", "predictions", "coarse", "noisy", "pseudo"}
"""Words that make them other labels."""
SPLIT_NAMES = {"test": ("test",), "calibration": ("calibration", "val", "validation")}


@dataclass
class Part:
    """Logits of one split of one file.

    values : one array with three axes in any order, or one array (samples, classes) per exit
    labels : float64 or integer (samples,), or None
    split : what the file says, or None
    index : positions of the samples in their data set, or None
    where : the file and array, for messages
    name : what the array is called: by the file that holds it, or the file itself where it holds one array without name
    labels_where : where the labels were found, for people; None without labels
    vectors : names of the vectors beside it that are not taken for labels, where none are
    """

    values: np.ndarray | tuple[np.ndarray, ...]
    labels: np.ndarray | None
    split: str | None
    index: np.ndarray | None
    where: str
    name: str | None = None
    labels_where: str | None = None
    vectors: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the three axes, in the order of the file."""
        if isinstance(self.values, tuple):
            return (len(self.values), *self.values[0].shape)
        return self.values.shape

    @property
    def dtype(self) -> np.dtype:
        """What the file keeps the values as."""
        return self.values[0].dtype if isinstance(self.values, tuple) else self.values.dtype


def as_vector(values: object, what: str) -> np.ndarray:
    """Labels or costs as one axis of numbers, from arrays of shape (n,), (n, 1) or (1, n), or lists of numbers.

    Raises
    ------
    ValueError : anything else
    """
    if isinstance(values, (list, tuple)) and values and all(np.size(value) == 1 for value in values):
        values = [np.asarray(value).reshape(-1)[0] for value in values]
    try:
        array = as_floats(np.asarray(values))
    except ValueError:
        raise ValueError(
            f"{what}: no numbers but lists of different lengths: give one number for each sample"
        ) from None
    if array.size == 0:
        raise ValueError(f"{what}: there are none (shape {array.shape}): check the export")
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{what}: no numbers but values of type {array.dtype}: give one number for each sample")
    if array.ndim > 1 and array.size == max(array.shape):
        array = array.reshape(-1)
    if array.ndim != 1:
        raise ValueError(f"{what}: the shape is {array.shape}: give one number for each sample")
    return np.array(array)


def _is_logits(content: object) -> bool:
    if isinstance(content, np.ndarray):
        return content.ndim == 3 and is_real(content.dtype)
    return _is_exits(content)


def _is_exits(content: object) -> bool:
    """Whether this is a list of one array (samples, classes) for each exit."""
    if not isinstance(content, (list, tuple)) or len(content) < 1:
        return False
    arrays = [item for item in content if isinstance(item, np.ndarray) and item.ndim == 2 and is_real(item.dtype)]
    return len(arrays) == len(content) and len({item.shape for item in arrays}) == 1


def _is_labels(content: object) -> bool:
    if isinstance(content, np.ndarray):
        return is_real(content.dtype) and content.ndim in (1, 2) and content.size == max(content.shape, default=0)
    return isinstance(content, (list, tuple)) and bool(content) and all(np.size(item) == 1 for item in content)


def _part(values: object, labels: object, split: str | None, index: object, where: str, **found: object) -> Part:
    """A checked part; `found` are its further fields."""
    if isinstance(values, Stub):
        raise ValueError(f"{where} is {values.what}: save the logits as a dense array of real numbers")
    vector = None if labels is None else as_vector(labels, f"{where}: the labels")
    positions = None if index is None else as_vector(index, f"{where}: the index")
    if isinstance(values, np.ndarray):
        if values.ndim != 3:
            raise ValueError(
                f"{where} has {values.ndim} axes {values.shape}: logits need three, (exits, samples, classes)"
            )
        if not is_real(values.dtype):
            raise ValueError(f"{where} has dtype {values.dtype}: logits must be real numbers")
    elif not _is_exits(values):
        raise ValueError(f"{where} is no array with three axes (exits, samples, classes): save the logits so")
    part = Part(values if isinstance(values, np.ndarray) else tuple(values), vector, split, positions, where, **found)
    if 0 in part.shape:
        raise ValueError(f"{where} has shape {part.shape}, so there is nothing in it: check the export")
    return part


def _same_words(name: object) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", str(name).lower()))


def means_labels(name: object) -> bool:
    """Whether a file of this name holds labels: one of its words means labels, none that they are of another kind."""
    words = set(_same_words(name).split("_"))
    return bool(words & set(LABELS_NAMES)) and not words & _NOT_THESE


def labels_name(content: Mapping, where: str, prefix: str = "") -> object | None:
    """The key under which labels lie in what a file holds by name, or None.

    Raises
    ------
    ValueError : two vectors that mean labels and differ
    """
    by_words = {_same_words(name): name for name in content}
    named = [by_words[prefix + words] for words in LABELS_NAMES if prefix + words in by_words]
    vectors = [name for name in named if _is_labels(_plain(content[name]))]
    for other in vectors[1:]:
        first = np.asarray(_plain(content[vectors[0]]), dtype=object).reshape(-1)
        if not np.array_equal(first, np.asarray(_plain(content[other]), dtype=object).reshape(-1)):
            raise ValueError(
                f"{where} holds {vectors[0]} and {other}, which differ, and both mean labels: save the file with one"
            )
    return next(iter(vectors or named), None)


def _vectors(content: Mapping, beside: object) -> tuple[str, ...]:
    """The names of what could be labels beside the logits."""
    found = []
    for name in content:
        with suppress(ValueError):  # not readable, so no vector
            if name not in (beside, f"{beside}_index") and _is_labels(_plain(content[name])):
                found.append(str(name))
    return tuple(found)


def _named_part(
    content: Mapping, name: object, split: str | None, index: object, where: str, prefixes: Sequence[str]
) -> Part:
    """The logits called `name`, with the labels that lie beside them under the first of `prefixes` that has any."""
    labels = next((key for prefix in prefixes if (key := labels_name(content, where, prefix)) is not None), None)
    if labels is None:
        vector, found = None, {"vectors": _vectors(content, name)}
    else:
        vector, found = _plain(content[labels]), {"labels_where": f"{where}: {labels}"}
    return _part(_plain(content[name]), vector, split, index, f"{where}: {name}", name=str(name), **found)


def _from_names(content: Mapping, where: str) -> list[Part]:
    def first(names: Sequence[str]) -> str | None:
        return next((name for name in names if name in content), None)

    if name := first(LOGITS_NAMES):
        return [_named_part(content, name, None, None, where, ("", "test_"))]
    splits = {split: name for split, names in SPLIT_NAMES.items() if (name := first(names))}
    parts = []
    for split, name in splits.items():
        prefixes = [f"{name}_", *([""] if len(splits) == 1 else [])]
        parts.append(_named_part(content, name, split, content.get(f"{name}_index"), where, prefixes))
    if parts:
        return parts
    if "state_dict" in content or any(str(name).endswith(".weight") for name in content):
        raise ValueError(f"{where} holds a network's weights, not logits: compute its logits first")
    if all(re.fullmatch(r"arr_\d+", str(name)) for name in content):  # as np.savez calls what is given no name
        return _from_tuple([content[name] for name in content], where)
    logits = [name for name in content if _is_logits(content[name])]
    if len(logits) == 1:
        return [_named_part(content, logits[0], None, None, where, ("", "test_"))]
    names = ", ".join(str(name) for name in list(content)[:8]) or "nothing"
    raise ValueError(f"{where} holds {names}: call the arrays logits and labels, or test and test_labels")


def _from_tuple(content: Sequence, where: str) -> list[Part]:
    if len(content) == 4 and [_is_logits(item) for item in content] == [True, False, True, False]:
        val, val_labels, test, test_labels = content
        return [
            _part(test, test_labels, "test", None, f"{where}: test_pred", labels_where=f"{where}: test_target"),
            _part(val, val_labels, "calibration", None, f"{where}: val_pred", labels_where=f"{where}: val_target"),
        ]
    if _is_exits(content):
        return [_part(content, None, None, None, where)]
    if len(content) >= 2 and _is_logits(content[0]) and _is_labels(content[1]):
        return [
            _part(content[0], content[1], None, None, f"{where}: logits", labels_where=f"{where}: the second array")
        ]
    if len(content) >= 1 and (
        isinstance(content[0], Stub) or (isinstance(content[0], np.ndarray) and content[0].ndim != 3)
    ):
        return [_part(content[0], None, None, None, f"{where}: the first array")]
    if len(content) >= 1 and _is_logits(content[0]) and (len(content) == 1 or content[1] is None):
        return [_part(content[0], None, None, None, where)]
    raise ValueError(f"{where} is no (logits, targets): save it so, or as .npz with logits and labels")


def _plain(content: object) -> object:
    """Arrays of objects as lists, also one level down."""
    if isinstance(content, np.ndarray):
        return content.tolist() if content.dtype == object else content
    if isinstance(content, (list, tuple)):
        return [_plain(item) for item in content]
    return content


def read_parts(path: Path) -> list[Part]:
    """The parts of a file that holds logits.

    Raises
    ------
    ValueError : a file whose content is not recognised
    """
    content = _plain(open_file(path))
    if isinstance(content, np.ndarray):
        return [_part(content, None, None, None, path.name, name=path.stem)]
    if isinstance(content, Mapping):
        return _from_names(content, path.name)
    if isinstance(content, (list, tuple)):
        return _from_tuple(content, path.name)
    what = f"{content.what}, not arrays" if isinstance(content, Stub) else "no array"
    raise ValueError(f"{path.name} holds {what}: save (logits, targets), or .npz with logits and labels")


def labels_from(content: object, what: str) -> tuple[np.ndarray, str]:
    """The labels in what `open_file` gives for a file of labels, and where they were found."""
    if not isinstance(content, Mapping):
        return as_vector(_plain(content), what), what
    name = labels_name(content, what)
    if name is None and len(content) == 1:
        name = next(iter(content))
    if name is None:
        raise ValueError(f"{what} holds {', '.join(map(str, content))}: call the array labels")
    return as_vector(_plain(content[name]), what), f"{what}: {name}"
