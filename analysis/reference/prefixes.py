"""Numbers that people write with a prefix of their size: 30M for 30 million. Imports the standard library only."""

import re

PREFIXES = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def prefixed_number(text: str, unit: str | None = None) -> float | None:
    """The number that a text stands for: digits, a prefix, the unit where it is written too. Empty: None.

    Raises
    ------
    ValueError
        It is none.

    Examples
    --------
    >>> prefixed_number("30M"), prefixed_number("3.5 G MACs", "MACs"), prefixed_number("2,500,000")
    (30000000.0, 3500000000.0, 2500000.0)
    >>> prefixed_number("1e6"), prefixed_number(" ")
    (1000000.0, None)
    """
    bare = text.strip()
    if unit and bare.lower().endswith(unit.lower()):
        bare = bare[: -len(unit)].strip()
    if not bare:
        return None
    found = re.fullmatch(
        r"((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?\s*([kMGT]?)", bare, re.ASCII
    )
    if found is None:
        raise ValueError(f"{text[:32]!r}: give a number, with k, M, G or T where it is large, for example 30M")
    return float(found[1].replace(",", "") + (found[2] or "")) * PREFIXES.get(found[3], 1.0)
