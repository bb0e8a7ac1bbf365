"""What is called labels elsewhere in a file than beside the logits. Imports the parts of an import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from analysis.storage.importers.layouts.lists import plain
from analysis.storage.importers.layouts.numbered import text_of
from analysis.storage.importers.layouts.places import by_name, named_within, of_each
from analysis.storage.importers.parts import Around, is_labels, means_labels, split_of_labels


def labels_around(whole: object, holders: Sequence[Mapping | list | None]) -> list[tuple[Around, ...]]:
    """For each dictionary of logits what lies elsewhere in the file under a name that means labels.

    Parameters
    ----------
    whole : what the file holds; dictionaries in it, and lists of them, are looked into, each once
    holders : the dictionaries and lists that hold logits, of one split each or of several
    """
    named = list(_named(whole))
    chains = [_chain(whole, holder) for holder in holders]
    return [_around(named, chain, chains) for chain in chains]


def _holding(whole: object) -> Iterator[tuple[tuple, Mapping | list]]:
    """Each dictionary in a file, and each list that holds dictionaries, with the keys that lead to it."""
    waiting, seen = [((), whole)] if by_name(whole) is not None else [], set()
    while waiting:
        keys, held = waiting.pop(0)
        if id(held) in seen:
            continue
        seen.add(id(held))
        yield keys, held
        waiting += [((*keys, key), value) for key, value in named_within(held)]


def _chain(whole: object, holder: Mapping | list | None) -> tuple | None:
    """The keys that lead to a dictionary or list."""
    return None if holder is None else next((keys for keys, held in _holding(whole) if held is holder), None)


def _named(whole: object) -> Iterator[tuple[tuple, object]]:
    """The keys of each vector whose name has a word that means labels, and the vector; of a list of dictionaries the
    vectors of each, one after another."""
    for keys, held in _holding(whole):
        if isinstance(held, (dict, list)):
            named = held if isinstance(held, dict) else of_each(held) or {}
            for key, value in named.items():
                if means_labels(key) and is_labels(vector := plain(value)):
                    yield (*keys, key), vector


def _shared(one: tuple, other: tuple) -> int:
    """How many keys two places begin with in common."""
    return next((n for n, pair in enumerate(zip(one, other)) if pair[0] != pair[1]), min(len(one), len(other)))


def _around(named: Sequence[tuple[tuple, object]], chain: tuple | None, chains: Sequence[tuple | None]) -> tuple:
    """Those of `named` that lie around a dictionary of logits, of which the file has one at each of `chains`."""
    found = []
    for keys, vector in named if chain is not None else ():
        up = _shared(keys[:-1], chain)
        means, split = split_of_labels(keys[-1])
        of_others = any(other is not None and _shared(keys[:-1], other) > up for other in chains)
        of_several = split is None and keys[:-1] == chain and chains.count(chain) > 1
        sure = means and not of_others and not of_several
        distance = (len(chain) - up, len(keys) - 1 - up) if sure else None
        found.append(Around("/".join(map(text_of, keys)), vector, split, distance))
    return tuple(found)
