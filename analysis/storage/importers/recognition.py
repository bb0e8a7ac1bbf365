"""From what a file holds to its parts: logits with their labels, one part for each split it holds. Imports numpy.

Layouts that are recognised: logits, which are an array, one array per exit in a list, a dictionary or under numbered
names, or batches of them; (logits, targets) and (logits, targets, args), also as `arr_0`, `arr_1`; MSDNet's (val_pred,
val_target, test_pred, test_target); names: `logits` with `labels`, or `test`, `test_labels`, `calibration`,
`calibration_labels` and, for each split, `<split>_index`, positions in the data set; a dictionary or pair for each
exit, batch or sample; and all of these in dictionaries, where one holds logits, or the caller says which.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from analysis.storage.importers.formats import open_file
from analysis.storage.importers.layouts.lists import (
    EXITS_FIRST,
    Layout,
    batches_of_exits,
    exits_of,
    layout_of,
    one_reading,
    plain,
    real_array,
)
from analysis.storage.importers.layouts.numbered import OTHER_WORDS, Family, families, listed, text_of
from analysis.storage.importers.layouts.pieces import Joined, Stacked
from analysis.storage.importers.layouts.places import Place, asked, inside
from analysis.storage.importers.layouts.tables import logits_in
from analysis.storage.importers.parts import (
    LOGITS_NAMES,
    ONE_NUMBER,
    SPLIT_NAMES,
    Part,
    as_labels,
    as_vector,
    is_labels,
    is_vector,
    labels_name,
    vectors_in,
)
from analysis.storage.importers.side_files import TABLES, json_in, read_table

# --- logits ---


def _explained(values: object, where: str) -> str:
    """Why something is no logits, and what to do."""
    array = real_array(values)
    if array is None and isinstance(values, np.ndarray):
        return f"{where} has dtype {values.dtype}: logits must be real numbers"
    if array is not None:
        axes = "one axis" if array.ndim == 1 else f"{array.ndim} axes"
        return f"{where} has {axes} {array.shape}: logits need three, (exits, samples, classes)"
    if isinstance(values, Mapping):
        return (
            f"{where} holds {listed(values) or 'nothing'}: give one array (samples, classes) for each exit, called "
            "exit_1, exit_2 and so on"
        )
    if isinstance(values, (list, tuple)) and values and all(is_vector(item) for item in values):
        return _one_number(values, where)
    return f"{where} is no array with three axes (exits, samples, classes): save the logits so"


def _one_number(vectors: Sequence, where: str) -> str:
    whole = all(np.asarray(vector).dtype.kind in "iub" for vector in vectors)
    what = "answers" if whole else "one number"
    return f"{where} holds {what} for each sample and exit, no logits of every class: {ONE_NUMBER}"


def _logits(values: object, where: str) -> np.ndarray | Layout:
    """The logits in what lies under a name, or at a place in a list.

    Raises
    ------
    ValueError : something else
    """
    layout = _of_exits(values, where) if isinstance(values, Mapping) else layout_of(values, where)
    if layout is None:
        raise ValueError(_explained(values, where))
    return layout if layout.form or not isinstance(layout.readings[0].values, np.ndarray) else layout.readings[0].values


def _is_logits(content: object) -> bool:
    """Whether logits look so, sound or not."""
    try:
        if isinstance(content, Mapping):
            return _exit_family(content) is not None
        return layout_of(content, "") is not None
    except ValueError:
        return True


def _part(values: object, labels: object, split: str | None, index: object, where: str, **found: object) -> Part:
    """A checked part; `found` are its further fields."""
    vector = None if labels is None else as_labels(labels, f"{where}: the labels")
    positions = None if index is None else as_vector(index, f"{where}: the index")
    logits = values if isinstance(values, Layout) else _logits(values, where)
    part = Part(logits, vector, split, positions, where, **found)
    if 0 in part.shape:
        raise ValueError(f"{where} has shape {part.shape}, so there is nothing in it: check the export")
    return part


# --- numbered names ---


def _is_of_exit(value: object) -> bool:
    array = real_array(value)
    if array is not None:
        return array.ndim in (1, 2)
    return isinstance(value, (list, tuple)) and bool(value) and all(_axes(item) == 2 for item in value)


def _axes(value: object) -> int | None:
    array = real_array(value)
    return None if array is None else array.ndim


def _read(content: Mapping, name: object) -> object:
    """What lies under a name; None where it cannot be read."""
    try:
        return content[name]
    except ValueError:
        return None


def _exit_families(content: Mapping) -> list[Family]:
    """The numbered names that mean exits, those of logits before those of probabilities."""
    found = [
        family
        for family in families(content)
        if family.means_exits and all(_is_of_exit(_read(content, name)) for name in family.names)
    ]
    return [family for family in found if family.words & {"logit", "logits"}] or found


def _exit_family(content: Mapping) -> Family | None:
    """The one family of names that means exits, or None.

    Raises
    ------
    ValueError : several
    """
    found = _exit_families(content)
    if len(found) > 1:
        raise ValueError(f"{' and '.join(listed(family.names, 2) for family in found[:3])}: keep one of them")
    return next(iter(found), None)


def _of_exits(content: Mapping, where: str) -> Layout | None:
    """The logits in a dictionary with an array for each exit, and nothing else of their shape."""
    try:
        family = _exit_family(content)
    except ValueError as error:
        raise ValueError(f"{where} holds {error}") from None
    return None if family is None else _of_family(content, family, where)


def _of_family(content: Mapping, family: Family, where: str) -> Layout:
    """The exits under numbered names, in the order of the numbers.

    Raises
    ------
    ValueError : numbers that tell no order, exits that do not fit together, or an array that may be one more
    """
    names = listed(family.names)
    if not family.is_ordered:
        raise ValueError(f"{where}: the numbers in {names} do not tell one order: call them exit_1, exit_2 and so on")
    values = [content[name] for name in family.names]
    arrays = [real_array(value) for value in values]
    if any(array is not None and array.ndim == 1 for array in arrays):
        raise ValueError(_one_number([array for array in arrays if array is not None], f"{where}: {names}"))
    exits = [
        Joined(tuple(real_array(batch) for batch in value), 0) if array is None else array
        for array, value in zip(arrays, values)
    ]
    stacked = exits_of(exits, f"{where}: {names}")
    numbered = {name for other in families(content) for name in other.names}
    for name in content:
        array = None if name in numbered else real_array(_read(content, name))
        if array is not None and array.shape == exits[0].shape:
            raise ValueError(
                f"{where} holds {names} and {text_of(name)[:100]}, all of shape {array.shape}: give it a number too if "
                "it is an exit, or leave it out"
            )
    return one_reading(stacked, f"{len(exits)} exits", EXITS_FIRST)


def _family_parts(content: Mapping, where: str) -> list[Part]:
    """A part of numbered names, or one for each split that their names tell; none where there are no such names."""
    found = _exit_families(content)
    splits = {
        split: (word, family)
        for split, words in SPLIT_NAMES.items()
        for word in words
        for family in found
        if word in family.words
    }
    chosen = [(split, f"{word}_", family) for split, (word, family) in splits.items()]
    if not chosen or len(chosen) < len(found):
        if len(found) > 1:
            names = " and ".join(listed(family.names, 2) for family in found[:3])
            raise ValueError(f"{where} holds {names}: keep one of them, or call them test_exit_1 and val_exit_1")
        chosen = [(None, "test_", family) for family in found]
    parts = []
    for split, prefix, family in chosen:
        layout = _of_family(content, family, where)
        prefixes = [prefix, *([""] if len(chosen) == 1 else [])]
        parts.append(_with_labels(content, layout, family.names, split, None, where, prefixes))
    return parts


# --- records ---


def _logits_name(content: Mapping) -> object | None:
    """What the logits of one exit, batch or sample are called."""
    known = next((name for name in LOGITS_NAMES if name in content), None)
    if known is not None:
        return known
    names = [name for name in content if (_axes(content[name]) or 0) >= 2 or _is_logits(content[name])]
    return names[0] if len(names) == 1 else None


def _pair(item: object, where: str) -> tuple[object, object] | None:
    """(logits, labels or None) of a record: a dictionary, or (logits, labels); None: it is neither."""
    if isinstance(item, dict):
        labels = labels_name(item, where)
        name = _logits_name(item)
        family = _exit_family(item) if name is None else None
        if name is None and family is None:
            return None
        values = item[name] if family is None else [item[name] for name in family.names]
        if isinstance(values, dict):
            family = _exit_family(values)
            values = None if family is None else [values[name] for name in family.names]
        return values, None if labels is None else item[labels]
    if isinstance(item, (list, tuple)) and len(item) == 2:
        is_one = not isinstance(item[1], (list, tuple, Mapping, np.ndarray)) and item[1] is not None
        has_labels = is_one or ((_axes(item[1]) or 1) == 1 and is_vector(item[1]))
        if has_labels and ((_axes(item[0]) or 0) >= 2 or _is_logits(item[0])):
            return item[0], item[1]
    return None


def _records(items: Sequence, where: str, of_exits: bool = False) -> tuple[object, object] | None:
    """(logits, labels or None) of a list of records, of which each is of one exit, one batch or one sample.

    Parameters
    ----------
    items : dictionaries, or (logits, labels)
    of_exits : whether each is known to be of one exit
    """
    pairs = [_pair(item, where) for item in items]
    if not pairs or any(pair is None or pair[0] is None for pair in pairs):
        return None
    values, labels = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if any(label is None for label in labels):
        labels = None
    arrays = [real_array(value) for value in values]
    if of_exits or _are_exits(arrays, labels):
        return _records_of_exits(values, arrays, labels, where)
    if all(array is None for array in arrays):
        inner = [[real_array(array) for array in value] for value in values if isinstance(value, (list, tuple))]
        if len(inner) == len(values) and all(array is not None and array.ndim == 2 for i in inner for array in i):
            return batches_of_exits(inner, where), labels
        return None
    if any(array is None or array.ndim != arrays[0].ndim for array in arrays):
        return None
    if arrays[0].ndim == 2 and labels is not None:
        if all(np.size(label) == 1 for label in labels) and len({array.shape for array in arrays}) == 1:
            return one_reading(Stacked(tuple(arrays)), f"{len(arrays)} samples", ("samples", None, None)), labels
        raise ValueError(
            f"{where} is a list of {len(arrays)} arrays (samples, classes) with labels of their own, which are batches "
            "of one exit: give the logits of every exit"
        )
    layout = layout_of(arrays, where)
    return None if layout is None else (layout, labels)


def _are_exits(arrays: Sequence, labels: Sequence | None) -> bool:
    """Whether records are exits: of the same samples with the same labels."""
    if labels is None or any(array is None or array.ndim != 2 for array in arrays):
        return False
    vectors = [np.asarray(label, dtype=object).reshape(-1) for label in labels]
    return (
        all(np.array_equal(vector, vectors[0]) and len(vector) == len(array) for vector, array in zip(vectors, arrays))
        and len(arrays) > 1
    )


def _records_of_exits(values: Sequence, arrays: Sequence, labels: Sequence | None, where: str) -> tuple | None:
    if not all(map(_is_of_exit, values)):
        return None
    if any(array is not None and array.ndim == 1 for array in arrays):
        raise ValueError(_one_number([array for array in arrays if array is not None], where))
    exits = [Joined(tuple(map(real_array, v)), 0) if array is None else array for array, v in zip(arrays, values)]
    layout = one_reading(exits_of(exits, where), f"{len(exits)} exits", EXITS_FIRST)
    if labels is None:
        return layout, None
    vectors = [as_labels(plain(label), f"{where}: the labels") for label in labels]
    for number, vector in enumerate(vectors[1:], 2):
        if not np.array_equal(vector, vectors[0], equal_nan=vector.dtype.kind == vectors[0].dtype.kind == "f"):
            raise ValueError(f"{where}: the labels of exits 1 and {number} differ: give every exit the same samples")
    return layout, vectors[0]


# --- names ---


def _with_labels(
    content: Mapping,
    values: object,
    names: Sequence,
    split: str | None,
    index: object,
    where: str,
    prefixes: Sequence[str],
) -> Part:
    """The logits called `names`, with the labels that lie beside them under the first of `prefixes` that has any."""
    labels = next((key for prefix in prefixes if (key := labels_name(content, where, prefix)) is not None), None)
    if labels is None:
        vector, found = None, {"vectors": vectors_in(content, {*names, *[f"{name}_index" for name in names]})}
    else:
        vector, found = plain(content[labels]), {"labels_where": f"{where}: {text_of(labels)}"}
    return _part(values, vector, split, index, f"{where}: {listed(names)}", name=text_of(names[0]), **found)


def _split_name(content: Mapping, words: Sequence[str]) -> tuple[str, object] | None:
    """The word for a split, and the name of its logits: `test`, `test_logits`, `logits_test` and the like."""
    for word in words:
        spelt = [word, *(name for logits in LOGITS_NAMES for name in (f"{word}_{logits}", f"{logits}_{word}"))]
        if name := next((name for name in spelt if name in content), None):
            return word, name
    return None


def _split_parts(content: Mapping, where: str) -> list[Part]:
    """A part for each split that is a name."""
    splits = {
        split: found for split, words in SPLIT_NAMES.items() if (found := _split_name(content, words)) is not None
    }
    parts = []
    for split, (word, name) in splits.items():
        prefixes = [f"{word}_", *([""] if len(splits) == 1 else [])]
        value = content[name]
        if isinstance(value, dict) and len(own := _recognised(value, f"{where}: {name}")) == 1:
            own[0].split = split
            if own[0].labels is None and (labels := labels_name(content, where, f"{word}_")) is not None:
                own[0].labels = as_labels(content[labels], f"{where}: {text_of(labels)}")
                own[0].labels_where = f"{where}: {text_of(labels)}"
            parts += own
        else:
            parts.append(_with_labels(content, value, [name], split, content.get(f"{name}_index"), where, prefixes))
    return parts


def _holds_weights(content: Mapping) -> bool:
    return "state_dict" in content or any(str(name).endswith(".weight") for name in content)


def _recognised(content: Mapping, where: str) -> list[Part]:
    """The parts among the names of a file or dictionary; none where none is recognised."""
    if name := next((name for name in LOGITS_NAMES if name in content), None):
        return [_with_labels(content, content[name], [name], None, None, where, ("", "test_"))]
    if parts := _split_parts(content, where):
        return parts
    if _holds_weights(content):
        return []
    if content and all(re.fullmatch(r"arr_\d+", str(name)) for name in content):  # as np.savez calls what has no name
        return _from_list([content[name] for name in content], where)
    parts = _family_parts(content, where)
    exits = {name for family in _exit_families(content) for name in family.names}
    others = [name for name in content if name not in exits and not _words(name) & OTHER_WORDS]
    single = [name for name in others if _is_logits(_read(content, name))]
    if parts and single:
        raise ValueError(f"{where} holds {parts[0].where.partition(': ')[2]} and {listed(single)}: keep one of them")
    if parts:
        return parts
    if len(single) == 1:
        return [_with_labels(content, content[single[0]], single, None, None, where, ("", "test_"))]
    return [] if single else _of_numbered_records(content, where) or _of_listed_records(content, where)


def _words(name: object) -> set[str]:
    return set(re.findall(r"[a-z]+", text_of(name).lower()))


def _of_numbered_records(content: Mapping, where: str) -> list[Part]:
    """A dictionary for each exit, under numbered names."""
    for family in families(content):
        items = [_read(content, name) for name in family.names]
        if not family.means_exits or not all(isinstance(item, dict) for item in items):
            continue
        found = _records(items, f"{where}: {listed(family.names)}", of_exits=True)
        if found is not None and family.is_ordered:
            return [_of_records(found, f"{where}: {listed(family.names)}", items[0], content)]
    return []


def _of_listed_records(content: Mapping, where: str) -> list[Part]:
    """Records under the one name that holds a list of them."""
    lists = (
        {name: value for name, value in content.items() if isinstance(value, list)} if isinstance(content, dict) else {}
    )
    found = {name: records for name, value in lists.items() if (records := _records(value, where)) is not None}
    return [_of_records(r, f"{where}: {text_of(n)}", lists[n][0]) for n, r in found.items()] if len(found) == 1 else []


def _of_records(found: tuple[object, object], where: str, first: object, around: Mapping | None = None) -> Part:
    """The part of records; `first` tells what the arrays in them are called."""
    layout, labels = found
    name, labels_where = None, f"{where}: the labels of each"
    if isinstance(first, dict):
        name, key = _logits_name(first), labels_name(first, where)
        labels_where = f"{where}: {text_of(key)} of each"
    if labels is None and around is not None and (key := labels_name(around, where)) is not None:
        labels, labels_where = around[key], f"{where.partition(': ')[0]}: {text_of(key)}"
    where = f"{where}: {text_of(name)} of each" if name is not None else where
    labels_where = labels_where if labels is not None else None
    return _part(
        layout, labels, None, None, where, name=None if name is None else text_of(name), labels_where=labels_where
    )


def _places(content: Mapping, where: str) -> list[tuple[str, list[Part] | ValueError]]:
    """Every dictionary in a dictionary that holds logits: where, and its parts or why they cannot be read."""
    found = []
    for name, value in content.items() if isinstance(content, dict) else ():
        if not isinstance(value, dict):
            continue
        text, here = text_of(name), f"{where}: {text_of(name)[:100]}"
        try:
            parts: list[Part] | ValueError = _recognised(value, here)
        except ValueError as error:
            parts = error
        deeper = [] if parts else _places(value, here)
        found += [(text, parts)] if parts else [(f"{text}/{place}", inner) for place, inner in deeper]
    return found


def _all_weights(content: Mapping) -> bool:
    return _holds_weights(content) or any(isinstance(value, dict) and _all_weights(value) for value in content.values())


def _from_names(content: Mapping, place: Place) -> list[Part]:
    where = place.shown
    if parts := _recognised(content, where):
        return parts
    places = _places(content, where)
    if len(places) > 1:
        names = [f"{place.name}/{name}".strip("/") for name, _ in places]
        raise ValueError(f"{where} holds logits in several dictionaries: {asked(place.file.name, names)}")
    if places:
        if isinstance(places[0][1], ValueError):
            raise places[0][1]
        return places[0][1]
    if _holds_weights(content) or (isinstance(content, dict) and _all_weights(content)):
        raise ValueError(f"{where} holds a network's weights, not logits: compute its logits first")
    unnamed = [family for family in families(content) if all(_axes(_read(content, name)) == 2 for name in family.names)]
    if unnamed:
        names = listed(unnamed[0].names, 2)
        raise ValueError(f"{where} holds {names}: call them exit_1, exit_2 and so on if they are the exits' logits")
    names = ", ".join(text_of(name)[:100] for name in list(content)[:8]) or "nothing"
    raise ValueError(f"{where} holds {names}: call the arrays logits and labels, or test and test_labels")


def _from_list(content: Sequence, where: str) -> list[Part]:
    if len(content) == 4 and [_is_logits(item) for item in content] == [True, False, True, False]:
        val, val_labels, test, test_labels = content
        return [
            _part(test, test_labels, "test", None, f"{where}: test_pred", labels_where=f"{where}: test_target"),
            _part(val, val_labels, "calibration", None, f"{where}: val_pred", labels_where=f"{where}: val_target"),
        ]
    if len(content) >= 2 and _is_logits(content[0]) and is_labels(content[1]) and not _is_logits(content):
        return [
            _part(content[0], content[1], None, None, f"{where}: logits", labels_where=f"{where}: the second array")
        ]
    if (found := _records(content, where)) is not None:
        return [_of_records(found, where, content[0])]
    if _is_logits(content):
        return [_part(content, None, None, None, where)]
    if len(content) >= 1 and isinstance(content[0], np.ndarray) and content[0].ndim != 3:
        if len(content) > 1 and all(is_vector(item) for item in content):
            raise ValueError(_one_number(content, where))
        raise ValueError(_explained(content[0], f"{where}: the first array"))
    if len(content) >= 2 and isinstance(content[0], list) and content[0] and all(map(is_vector, content[0])):
        raise ValueError(_one_number(content[0], f"{where}: the first list"))
    if len(content) >= 1 and _is_logits(content[0]) and (len(content) == 1 or content[1] is None):
        return [_part(content[0], None, None, None, where)]
    if len(content) >= 2 and _is_logits(content[0]) and (array := real_array(content[1])) is not None:
        shape = f"the second array has shape {array.shape}, and targets are one number for each sample"
        raise ValueError(f"{where} is no (logits, targets): {shape}, such as argmax of what is one-hot")
    raise ValueError(f"{where} is no (logits, targets): save it so, or as .npz with logits and labels")


# --- files ---


def _content(place: Place) -> object:
    path = place.file
    if path.suffix in TABLES:
        return logits_in(read_table(path, "the source"), path.name)
    if path.suffix == ".json" and path.is_file():
        try:
            return json_in(path)
        except ValueError:
            raise ValueError(f"{path.name} is no readable JSON: export it again") from None
    return plain(open_file(path))


def read_parts(place: Place) -> list[Part]:
    """The parts of a file that holds logits, or of a place in it.

    Raises
    ------
    ValueError : a file whose content is not recognised
    """
    name = place.file.name
    content, around, key = inside(_content(place), place.name, name)
    where = place.shown
    if around is not None and not isinstance(content, Mapping):
        return [_with_labels(around, content, [key], None, None, where.removesuffix(f": {place.name}"), ("",))]
    if isinstance(content, np.ndarray):
        return [_part(content, None, None, None, where, name=place.file.stem)]
    if isinstance(content, Mapping):
        return _from_names(content, place)
    if isinstance(content, (list, tuple)):
        return _from_list(content, where)
    raise ValueError(f"{name} holds no array: save (logits, targets), or .npz with logits and labels")
