"""What an import is made of: logits of one split with their labels, and the names that mean labels. Imports numpy.

What has a name is taken for labels only where `LABELS_NAMES` has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.storage.importers.floats import as_floats, is_real
from analysis.storage.importers.layouts.lists import Layout, Reading, plain
from analysis.storage.importers.layouts.numbered import listed, text_of
from analysis.storage.importers.layouts.places import Place, asked, below, of_each

LOGITS_NAMES = ("logits", "probs", "probabilities", "softmax", "log_probs", "predictions")
LABELS_NAMES = (
    *(
        "labels",
        "label",
        "lbl",
        "lbls",
        "label_ids",
        "label_id",
        "targets",
        "target",
        "target_ids",
        "y",
        "y_true",
        "y_test",
        "ys",
    ),
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
OF_ANY_SPLIT = ("", "test_")
"""What stands before the name of labels where nothing else tells the split."""
SPLIT_NAMES = {"test": ("test",), "calibration": ("calibration", "val", "validation")}
ONE_NUMBER = (
    "PA needs a logit for each class: for a sigmoid's logit z save the two logits 0 and z, for its probability p save "
    "1 - p and p"
)
"""What to do about one number for each sample and exit."""


class Around(NamedTuple):
    """What is called labels and does not lie beside the logits.

    name : where it lies in the file, `NAME/NAME`
    values : one axis of numbers, or batches of them
    split : that its name says, or None
    distance : levels up to the dictionary that it shares with the logits, and down from there; None: it lies with other
        logits, or its name only may mean labels
    """

    name: str
    values: object
    split: str | None
    distance: tuple[int, int] | None


@dataclass
class Part:
    """Logits of one split of one file.

    values : one array with three axes in any order, or arrays that make one
    labels : float64 or integer (samples,), or None
    split : what the file says, or None
    index : positions of the samples in their data set, or None
    where : the file and array, for messages
    name : what the array is called: by the file that holds it, or the file itself where it holds one array without name
    labels_where : where the labels were found, for people; None without labels
    vectors : names of the vectors beside it that are not taken for labels, where none are
    taken : the file and name of each array that the logits lie in, where they have names
    beside : the dictionary that holds the logits, or the list, where one does
    around : what is called labels elsewhere in the file, where the part has none of its own
    missed : such as may be its labels, and were not taken, as `FILE::NAME`
    """

    values: np.ndarray | Layout
    labels: np.ndarray | None
    split: str | None
    index: np.ndarray | None
    where: str
    name: str | None = None
    labels_where: str | None = None
    vectors: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    beside: Mapping | list | None = None
    around: tuple[Around, ...] = ()
    missed: tuple[str, ...] = ()

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The ways to read the values, at least one."""
        return self.values.readings if isinstance(self.values, Layout) else (Reading(self.values),)

    @property
    def form(self) -> str:
        """In what pieces the values lie whatever the reading, for people; empty: in one."""
        return self.values.form if isinstance(self.values, Layout) else ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the three axes, in the order of the file, as the first reading has them."""
        return self.readings[0].values.shape

    @property
    def dtype(self) -> np.dtype:
        """What the file keeps the values as."""
        return self.readings[0].values.dtype


def as_vector(values: object, what: str) -> np.ndarray:
    """Labels or costs as one axis of numbers, from arrays of shape (n,), (n, 1) or (1, n), or lists of numbers.

    Returns
    -------
    (n,), NaN where a list holds None

    Raises
    ------
    ValueError : anything else
    """
    if isinstance(values, (list, tuple)) and values and all(map(_is_scalar, values)):
        values = [np.nan if value is None else np.asarray(value).reshape(-1)[0] for value in values]
    try:
        array = as_floats(np.asarray(values))
    except (ValueError, OverflowError):
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


def as_labels(values: object, what: str) -> np.ndarray:
    """Labels as one axis of numbers, as `as_vector`, also from a list of batches.

    Raises
    ------
    ValueError : anything else
    """
    if isinstance(values, (list, tuple)) and values and not is_vector(values) and all(map(_is_batch, values)):
        return np.concatenate([as_vector(batch, what) for batch in values])
    return as_vector(values, what)


def _is_scalar(item: object) -> bool:
    if isinstance(item, (list, tuple)):
        return len(item) == 1 and _is_scalar(item[0])
    return not isinstance(item, Mapping) and (not isinstance(item, np.ndarray) or item.size == 1)


def _is_batch(item: object) -> bool:
    if isinstance(item, np.ndarray):
        return is_real(item.dtype) and (item.ndim == 1 or item.shape[1:] == (1,))
    return isinstance(item, (list, tuple)) and bool(item) and all(map(_is_scalar, item))


def is_vector(content: object) -> bool:
    """Whether this is one axis of values, as an array or a list."""
    if isinstance(content, np.ndarray):
        return is_real(content.dtype) and content.ndim in (1, 2) and content.size == max(content.shape, default=0)
    return isinstance(content, (list, tuple)) and bool(content) and all(map(_is_scalar, content))


def is_labels(content: object) -> bool:
    """Whether labels may look so: one axis of values, or batches of them."""
    return is_vector(content) or (isinstance(content, (list, tuple)) and bool(content) and all(map(_is_batch, content)))


def _same_words(name: object) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", text_of(name).lower()))


def means_labels(name: object) -> bool:
    """Whether a file of this name holds labels: one of its words means labels, none that they are of another kind."""
    words = set(_same_words(name).split("_"))
    return bool(words & set(LABELS_NAMES)) and not words & _NOT_THESE


def split_of_labels(name: object) -> tuple[bool, str | None]:
    """Whether a name is one of `LABELS_NAMES`, with or without a split before or behind it, and that split.

    Examples
    --------
    >>> split_of_labels("Targets"), split_of_labels("val_targets"), split_of_labels("eval_targets")
    ((True, None), (True, 'calibration'), (False, None))
    """
    words = _same_words(name)
    if words in LABELS_NAMES:
        return True, None
    for split, spelt in SPLIT_NAMES.items():
        if any(words in (f"{word}_{other}", f"{other}_{word}") for word in spelt for other in LABELS_NAMES):
            return True, split
    return False, None


def labels_name(content: Mapping, where: str, prefixes: Sequence[str] = OF_ANY_SPLIT) -> object | None:
    """The key under which labels lie in what a file holds by name, or None.

    Parameters
    ----------
    prefixes : of the split, such as `test_`, which may stand behind the name too: `labels_test`; the first is taken

    Raises
    ------
    ValueError : two vectors that mean labels and differ
    """
    by_words = {_same_words(name): name for name in content}
    found = (_labels_of_split(content, by_words, where, prefix) for prefix in prefixes)
    return next((name for name in found if name is not None), None)


def _labels_of_split(content: Mapping, by_words: Mapping, where: str, prefix: str) -> object | None:
    suffix = f"_{prefix[:-1]}" if prefix else ""
    spelt = [name for words in LABELS_NAMES for name in dict.fromkeys((prefix + words, words + suffix))]
    named = list(dict.fromkeys(by_words[name] for name in spelt if name in by_words))
    vectors = [name for name in named if is_labels(plain(content[name]))]
    for other in vectors[1:]:
        first = np.asarray(plain(content[vectors[0]]), dtype=object).reshape(-1)
        if not np.array_equal(first, np.asarray(plain(content[other]), dtype=object).reshape(-1)):
            raise ValueError(
                f"{where} holds {vectors[0]} and {other}, which differ, and both mean labels: save the file with one"
            )
    return next(iter(vectors or named), None)


def vectors_in(content: Mapping, beside: set) -> tuple[str, ...]:
    """The names of what could be labels, but for those in `beside`."""
    found = []
    for name in content:
        with suppress(ValueError):  # not readable, or no numbers
            if name not in beside and is_labels(values := plain(content[name])):
                as_labels(values, "")
                found.append(text_of(name))
    return tuple(found)


def labels_from(content: object, what: str, place: Place) -> tuple[np.ndarray, str]:
    """The labels in what a file of labels holds, and where they were found.

    Parameters
    ----------
    content : what it holds
    what : the option and the file, for messages
    place : where it lies

    Raises
    ------
    ValueError : no labels, or several arrays that may be
    """
    content = of_each(content) or content
    if not isinstance(content, Mapping):
        return as_labels(plain(content), what), what
    name = labels_name(content, what)
    if name is None and len(content) == 1:
        name = next(iter(content))
    if name is None:
        names = [f"{place.name}/{text_of(other)}".strip("/") for other in content]
        raise ValueError(
            f"{what} holds {listed(names) or 'nothing'}, and none means labels: {asked(place.file.name, names)}"
        )
    return as_labels(plain(content[name]), what), below(what, name)
