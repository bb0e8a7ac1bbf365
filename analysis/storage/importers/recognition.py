"""From what a file holds to its parts: logits with their labels, one part for each split it holds. Imports numpy.

Layouts that are recognised: logits, which are an array, one array per exit in a list, a dictionary or under numbered
names, or batches of them; (logits, targets) and (logits, targets, args), also as `arr_0`, `arr_1`; MSDNet's (val_pred,
val_target, test_pred, test_target); names: `logits` with `labels`, or `test`, `test_labels`, `calibration`,
`calibration_labels` and, for each split, `<split>_index`, positions in the data set; a dictionary or pair for each
exit, batch or sample; and all of these in dictionaries and in lists that hold dictionaries, where one holds logits, or
the caller says which.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from analysis.storage.importers.formats import open_file
from analysis.storage.importers.layouts.lists import (
    Layout,
    plain,
    real_array,
)
from analysis.storage.importers.layouts.named_exits import (
    axes_of,
    exit_families,
    explained,
    is_logits,
    logits_of,
    of_family,
    one_number,
    read_or_none,
)
from analysis.storage.importers.layouts.numbered import OTHER_WORDS, families, listed, text_of
from analysis.storage.importers.layouts.places import Place, asked, below, by_name, inside, named_within, of_each
from analysis.storage.importers.layouts.records import logits_name, records
from analysis.storage.importers.layouts.surroundings import labels_around
from analysis.storage.importers.layouts.tables import logits_in
from analysis.storage.importers.opcodes import Stub
from analysis.storage.importers.parts import (
    LOGITS_NAMES,
    OF_ANY_SPLIT,
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


def _part(values: object, labels: object, split: str | None, index: object, where: str, **found: object) -> Part:
    """A checked part; `found` are its further fields."""
    if isinstance(values, Stub):
        raise ValueError(f"{where} is {values.what}: save the logits as a dense array of real numbers")
    vector = None if labels is None else as_labels(labels, f"{where}: the labels")
    positions = None if index is None else as_vector(index, f"{where}: the index")
    logits = values if isinstance(values, Layout) else logits_of(values, where)
    part = Part(logits, vector, split, positions, where, **found)
    if 0 in part.shape:
        raise ValueError(f"{where} has shape {part.shape}, so there is nothing in it: check the export")
    return part


# --- numbered names ---


def _family_parts(content: Mapping, where: str) -> list[Part]:
    """A part of numbered names, or one for each split that their names tell; none where there are no such names."""
    found = exit_families(content)
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
        layout = of_family(content, family, where)
        prefixes = [prefix, *([""] if len(chosen) == 1 else [])]
        parts.append(_with_labels(content, layout, family.names, split, None, where, prefixes))
    return parts


# --- names ---


def _with_labels(
    content: Mapping,
    values: object,
    names: Sequence,
    split: str | None,
    index: object,
    where: str,
    prefixes: Sequence[str] = OF_ANY_SPLIT,
) -> Part:
    """The logits called `names`, with the labels that lie beside them under the first of `prefixes` that has any."""
    labels = labels_name(content, where, prefixes)
    if labels is None:
        vector, found = None, {"vectors": vectors_in(content, {*names, *[f"{name}_index" for name in names]})}
    else:
        vector, found = plain(content[labels]), {"labels_where": below(where, labels)}
    found["taken"] = tuple(below(where, name) for name in names)
    return _part(values, vector, split, index, below(where, listed(names)), name=text_of(names[0]), **found)


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
        if len(own := _of_one_split(value, below(where, name))) == 1:
            own[0].split = split
            if own[0].labels is None and (labels := labels_name(content, where, prefixes)) is not None:
                own[0].labels_where = below(where, labels)
                own[0].labels = as_labels(content[labels], own[0].labels_where)
            parts += own
        else:
            parts.append(_with_labels(content, value, [name], split, content.get(f"{name}_index"), where, prefixes))
    return parts


def _of_one_split(value: object, where: str) -> list[Part]:
    """The parts in what lies under a split's name, where it is a dictionary or a list of them."""
    if isinstance(value, dict):
        return _recognised(value, where)
    found = None if of_each(value) is None else records(value, where)
    return [] if found is None else [_of_records(found, where, value[0])]


def _holds_weights(content: Mapping) -> bool:
    return "state_dict" in content or any(str(name).endswith(".weight") for name in content)


def _recognised(content: Mapping, where: str) -> list[Part]:
    """The parts among the names of a file or dictionary, which they remember; none where none is recognised."""
    parts = _among_names(content, where)
    for part in parts:
        part.beside = content if part.beside is None else part.beside
    return parts


def _among_names(content: Mapping, where: str) -> list[Part]:
    if name := next((name for name in LOGITS_NAMES if name in content), None):
        return [_with_labels(content, content[name], [name], None, None, where)]
    if parts := _split_parts(content, where):
        return parts
    if _holds_weights(content):
        return []
    if content and all(re.fullmatch(r"arr_\d+", str(name)) for name in content):  # as np.savez calls what has no name
        return _from_list([content[name] for name in content], where)
    parts = _family_parts(content, where)
    exits = {name for family in exit_families(content) for name in family.names}
    others = [name for name in content if name not in exits and not _words(name) & OTHER_WORDS]
    single = [name for name in others if is_logits(read_or_none(content, name))]
    if parts and single:
        raise ValueError(f"{where} holds {parts[0].where.partition(': ')[2]} and {listed(single)}: keep one of them")
    if parts:
        return parts
    if len(single) == 1:
        return [_with_labels(content, content[single[0]], single, None, None, where)]
    return [] if single else _of_numbered_records(content, where) or _of_listed_records(content, where)


def _words(name: object) -> set[str]:
    return set(re.findall(r"[a-z]+", text_of(name).lower()))


def _of_numbered_records(content: Mapping, where: str) -> list[Part]:
    """A dictionary for each exit, under numbered names."""
    for family in families(content):
        items = [read_or_none(content, name) for name in family.names]
        if not family.means_exits or not all(isinstance(item, dict) for item in items):
            continue
        found = records(items, below(where, listed(family.names)), of_exits=True)
        if found is not None and family.is_ordered:
            part = _of_records(found, below(where, listed(family.names)), items[0])
            if part.labels is None and (key := labels_name(content, where)) is not None:
                part.labels_where = below(where, key)
                part.labels = as_labels(content[key], part.labels_where)
            return [part]
    return []


def _of_listed_records(content: Mapping, where: str) -> list[Part]:
    """Records under the one name that holds a list of them."""
    lists = (
        {name: value for name, value in content.items() if isinstance(value, list)} if isinstance(content, dict) else {}
    )
    found = {name: pair for name, value in lists.items() if (pair := records(value, where)) is not None}
    return [_of_records(r, below(where, n), lists[n][0]) for n, r in found.items()] if len(found) == 1 else []


def _of_records(found: tuple[object, object], where: str, first: object) -> Part:
    """The part of records; `first` tells what the arrays in them are called."""
    layout, labels = found
    name, labels_where = None, f"{where}: the labels of each"
    if isinstance(first, dict):
        name, key = logits_name(first), labels_name(first, where)
        labels_where = f"{where}: {text_of(key)} of each"
    where = f"{where}: {text_of(name)} of each" if name is not None else where
    labels_where = labels_where if labels is not None else None
    return _part(
        layout, labels, None, None, where, name=None if name is None else text_of(name), labels_where=labels_where
    )


def _places(content: Mapping | list, where: str) -> list[tuple[str, list[Part] | ValueError]]:
    """Every dictionary in a dictionary or list that holds logits: where, and its parts or why they cannot be read."""
    found = []
    for name, value in named_within(content):
        text, here = text_of(name), below(where, text_of(name)[:100])
        try:
            parts: list[Part] | ValueError = _recognised(value, here) if isinstance(value, dict) else []
        except ValueError as error:
            parts = error
        deeper = [] if parts else _places(value, here)
        found += [(text, parts)] if parts else [(f"{text}/{place}", inner) for place, inner in deeper]
    return found


def _all_weights(content: Mapping) -> bool:
    return _holds_weights(content) or any(isinstance(value, dict) and _all_weights(value) for value in content.values())


def _from_inside(content: Mapping | list, where: str) -> list[Part]:
    """The parts of the one dictionary somewhere inside that holds logits; none where none does."""
    places = _places(content, where)
    if len(places) > 1:
        file, _, name = where.partition(": ")
        names = [f"{name}/{inner}".strip("/") for inner, _ in places]
        raise ValueError(f"{where} holds logits in several dictionaries: {asked(file, names)}")
    if places and isinstance(places[0][1], ValueError):
        raise places[0][1]
    return places[0][1] if places else []


def _from_names(content: Mapping, place: Place) -> list[Part]:
    where = place.shown
    if parts := _recognised(content, where) or _from_inside(content, where):
        return parts
    if _holds_weights(content) or (isinstance(content, dict) and _all_weights(content)):
        raise ValueError(f"{where} holds a network's weights, not logits: compute its logits first")
    unnamed = [
        family
        for family in families(content)
        if all(axes_of(read_or_none(content, name)) == 2 for name in family.names)
    ]
    if unnamed:
        names = listed(unnamed[0].names, 2)
        raise ValueError(f"{where} holds {names}: call them exit_1, exit_2 and so on if they are the exits' logits")
    names = ", ".join(text_of(name)[:100] for name in list(content)[:8]) or "nothing"
    raise ValueError(f"{where} holds {names}: call the arrays logits and labels, or test and test_labels")


def _beside_dictionaries(content: Sequence, where: str) -> list[Part]:
    """The parts of a list that holds dictionaries, such as (settings, results) or (logits, {"labels": labels})."""
    if by_name(content) is None:
        return []
    single = [number for number, item in enumerate(content) if not isinstance(item, dict) and is_logits(item)]
    if len(single) == 1:
        return [_part(content[single[0]], None, None, None, below(where, single[0]), beside=content)]
    return _from_inside(content, where)


def _from_list(content: Sequence, where: str) -> list[Part]:
    if len(content) == 4 and [is_logits(item) for item in content] == [True, False, True, False]:
        val, val_labels, test, test_labels = content
        return [
            _part(test, test_labels, "test", None, f"{where}: test_pred", labels_where=f"{where}: test_target"),
            _part(val, val_labels, "calibration", None, f"{where}: val_pred", labels_where=f"{where}: val_target"),
        ]
    if len(content) >= 2 and is_logits(content[0]) and is_labels(content[1]) and not is_logits(content):
        return [
            _part(content[0], content[1], None, None, f"{where}: logits", labels_where=f"{where}: the second array")
        ]
    if (found := records(content, where)) is not None:
        return [_of_records(found, where, content[0])]
    if is_logits(content):
        return [_part(content, None, None, None, where)]
    if parts := _beside_dictionaries(content, where):
        return parts
    if len(content) >= 1 and isinstance(content[0], Stub):
        return [_part(content[0], None, None, None, f"{where}: the first array")]
    if len(content) >= 1 and isinstance(content[0], np.ndarray) and content[0].ndim != 3:
        if len(content) > 1 and all(is_vector(item) for item in content):
            raise ValueError(one_number(content, where))
        raise ValueError(explained(content[0], f"{where}: the first array"))
    if len(content) >= 2 and isinstance(content[0], list) and content[0] and all(map(is_vector, content[0])):
        raise ValueError(one_number(content[0], f"{where}: the first list"))
    if len(content) >= 1 and is_logits(content[0]) and (len(content) == 1 or content[1] is None):
        return [_part(content[0], None, None, None, where)]
    if len(content) >= 2 and is_logits(content[0]) and (array := real_array(content[1])) is not None:
        shape = f"the second array has shape {array.shape}, and targets are one number for each sample"
        raise ValueError(f"{where} is no (logits, targets): {shape}, such as argmax of what is one-hot")
    raise ValueError(f"{where} is no (logits, targets): save it so, or as .npz with logits and labels")


# --- files ---


def content_of(place: Place) -> object:
    """What the whole file of a place holds: an array, names, a list.

    Raises
    ------
    ValueError : no such file, or one that is damaged or of another form
    """
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
    whole = content_of(place)
    parts = _parts_in(whole, place)
    for part, found in zip(parts, labels_around(whole, [part.beside for part in parts])):
        if part.labels is None:
            part.around = found
    return parts


def _parts_in(whole: object, place: Place) -> list[Part]:
    """The parts in what a file holds, or in a place of it."""
    name = place.file.name
    content, around, key = inside(whole, place, name)
    where = place.shown
    if around is not None and not isinstance(content, Mapping):
        if isinstance(content, list) and (found := records(content, where)) is not None:
            part = _of_records(found, where, content[0])
        else:
            outer = Place(place.file, place.name.removesuffix(text_of(key)).strip("/"))
            part = _with_labels(around, content, [key], None, None, outer.shown, ("",))
        part.beside = around
        return [part]
    if isinstance(content, np.ndarray):
        return [_part(content, None, None, None, where, name=place.file.stem)]
    if isinstance(content, Mapping):
        return _from_names(content, place)
    if isinstance(content, list):
        return _from_list(content, where)
    what = f"{content.what}, not arrays" if isinstance(content, Stub) else "no array"
    raise ValueError(f"{name} holds {what}: save (logits, targets), or .npz with logits and labels")
