"""The first pass over logits: their kind, the samples that cannot be used, the first fault. Imports numpy."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from analysis.storage.chunking import samples_per_chunk
from analysis.storage.faults import Fault, describe, faulty_rows, first_fault, narrowed
from analysis.storage.importers.axes import Oriented
from analysis.storage.writing import stored_dtype

LOGITS, PROBS, LOG_PROBS = "logits", "probs", "log-probs"
IN_WORDS = {LOGITS: "logits", PROBS: "probabilities", LOG_PROBS: "log-probabilities"}

CLOSE, NEAR = 0.02, 0.5
"""How far from 1 the rows of probabilities sum that were rounded to few digits, and rows that may be probabilities."""
NEGLIGIBLE = 1e-3
"""What float32 leaves in a sum over many classes; beyond it rows are divided by their sum."""
_SHARE = 0.99
"""Of the rows, those that must sum so."""
_PROBS_WORDS = {"prob", "probs", "probability", "probabilities", "softmax", "logprob", "logprobs"}


@dataclass(frozen=True)
class Scan:
    """What a part holds.

    form : `logits`, `probs` (rows of probabilities) or `log-probs` (their logarithms)
    faulty : bool (samples,): some exit has a fault, or only 0 where the rows are probabilities
    fault : the first of these, or None
    off : how far from 1 the sums of the rows are at most where they are probabilities, else 0
    refusal : why the rows are not what the caller or their name says, or cannot be told, a sentence; or None
    warning : what the caller's word decided against the values or their name, a sentence; or None
    """

    form: str
    faulty: np.ndarray
    fault: Fault | None
    off: float = 0.0
    refusal: str | None = None
    warning: str | None = None


@dataclass
class _Fit:
    """How well the rows of a part are probabilities, or their logarithms, counted chunk by chunk.

    possible : no value was outside [0, 1] so far, or above 0
    rows, close, near : the rows seen, and those that sum to 1 within `CLOSE` and within `NEAR`
    off : how far from 1 they sum at most
    first_off : tolerance -> (exit, sample, sum) of the first row that does not sum to 1 within it
    empty : bool (samples,): some exit has only zeros
    first_empty : the first of these, or None
    """

    form: str
    empty: np.ndarray
    first_empty: Fault | None = None
    possible: bool = True
    rows: int = 0
    close: int = 0
    near: int = 0
    off: float = 0.0
    first_off: dict[float, tuple[int, int, float]] = field(default_factory=dict)

    def add(self, chunk: np.ndarray, usable: np.ndarray, start: int) -> None:
        """Count a chunk (exits, samples, classes) of which the rows in the mask `usable` count."""
        if not self.possible or not usable.any():
            return
        rows = chunk if usable.all() else np.where(usable[..., None], chunk, np.asarray(-np.inf, chunk.dtype))
        if rows.max() > (1 + NEGLIGIBLE if self.form == PROBS else NEGLIGIBLE):
            self.possible = False
        if self.form == PROBS:
            self.possible &= not (chunk.min(axis=2) < 0)[usable].any()
            sums = chunk.sum(axis=2, dtype=np.float64) if usable.all() else _sums(chunk, usable)
        elif self.possible:
            sums = np.exp(rows.astype(np.float32, copy=False)).sum(axis=2, dtype=np.float64)
        else:
            return
        distance = np.where(usable, np.abs(sums - 1), 0)
        slack = np.finfo(chunk.dtype).eps  # two decimals that sum to 0.98 are 0.02 off, however they are stored
        for tolerance in (CLOSE, NEAR):
            if tolerance not in self.first_off and (beyond := distance > tolerance + slack).any():
                self.first_off[tolerance] = _first(beyond, sums, start)
        if not self.possible:
            return
        self.rows += int(usable.sum())
        self.close += int((distance <= CLOSE + slack)[usable].sum())
        self.near += int((distance <= NEAR + slack)[usable].sum())
        nothing = usable & (sums == 0)
        if nothing.any():
            self.empty[start : start + chunk.shape[1]] |= nothing.any(axis=0)
            exit_, sample, _ = _first(nothing, sums, start)
            self.first_empty = self.first_empty or Fault(exit_, sample, "only 0")
        self.off = max(self.off, float(distance[usable & ~nothing].max(initial=0)))

    @property
    def in_range(self) -> bool:
        """Whether every value is one that this may hold, whatever the rows sum to."""
        return self.possible and self.rows > 0

    @property
    def is_close(self) -> bool:
        """Whether this is what the rows are."""
        return self.possible and self.rows > 0 and self.close >= _SHARE * self.rows

    @property
    def is_near(self) -> bool:
        """Whether this is what the rows may be."""
        return self.possible and self.rows > 0 and self.near >= _SHARE * self.rows


def _sums(chunk: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Sums over the classes, 0 for rows that are not usable, whose NaN and infinities would complain."""
    return np.where(usable[..., None], chunk, np.asarray(0, chunk.dtype)).sum(axis=2, dtype=np.float64)


def _first(mask: np.ndarray, sums: np.ndarray, start: int) -> tuple[int, int, float]:
    sample = int(np.flatnonzero(mask.any(axis=0))[0])
    exit_ = int(np.flatnonzero(mask[:, sample])[0])
    return exit_, start + sample, float(sums[exit_, sample])


def chunk_bounds(part: Oriented) -> list[tuple[int, int]]:
    """The (start, stop) of chunks of about 32 MiB."""
    exits, samples, classes = part.shape
    step = samples_per_chunk(exits, classes, 4)
    return [(start, min(start + step, samples)) for start in range(0, samples, step)]


def means_probs(name: str | None) -> bool:
    """Whether an array of this name is called probabilities, or their logarithms."""
    words = set(re.findall(r"[a-z]+", (name or "").lower()))
    return bool(words & _PROBS_WORDS) and "logits" not in words


def _decide(part: Oriented, kind: str | None, fits: list[_Fit]) -> tuple[str, str | None, str | None]:
    """The form of the rows, why they are refused, and what is to be warned of."""
    where, named = part.part.where, means_probs(part.part.name)
    sure = next((fit for fit in fits if fit.is_close), None)
    maybe = sure or next((fit for fit in fits if fit.is_near), None)
    likely = maybe or next((fit for fit in fits if fit.possible), fits[0])
    if kind == LOGITS:
        looks = f"look like {IN_WORDS[maybe.form]}" if maybe else "are called probabilities" if named else None
        return LOGITS, None, looks and f"{where}: the values {looks}, and are kept as logits because --kind says so."
    if kind == PROBS and maybe:
        return maybe.form, None, None
    if kind == PROBS:
        return PROBS, f"{_sum_of(likely, part, NEAR)}: probabilities are in [0, 1]; --kind logits takes logits", None
    if sure:
        return sure.form, None, None
    if maybe:
        what = f"{_sum_of(maybe, part, CLOSE)}, but the values may be {IN_WORDS[maybe.form]}"
        return LOGITS, f"{what}: say --kind probs (each row is divided by its sum) or --kind logits", None
    if named:
        what = f"{_sum_of(likely, part, NEAR)}, though the array is called probabilities"
        return LOGITS, f"{what}: say --kind logits if these are logits, or export it again", None
    if fits[0].in_range:
        what = "every value is in [0, 1], as of a sigmoid or of probabilities, though the rows do not sum to 1"
        return LOGITS, None, f"{where}: {what}: they are kept as logits."
    return LOGITS, None, None


def _sum_of(fit: _Fit, part: Oriented, tolerance: float) -> str:
    """How a row contradicts probabilities: its sum, or that some value is out of range."""
    where = part.part.where
    if tolerance not in fit.first_off:
        return f"{where} holds values that are no {IN_WORDS[fit.form]}"
    exit_, sample, total = fit.first_off[tolerance]
    place = f"(exit {exit_ + 1}, sample {sample + 1} of {part.shape[1]}), not to 1"
    return f"{'exp of ' if fit.form == LOG_PROBS else ''}{where}[{exit_}, {sample}] sums to {total:.6g} {place}"


def scan(part: Oriented, kind: str | None, progress: Callable[[int], None]) -> Scan:
    """Read a part once and find what its rows are.

    Rows all in [0, 1] of which 99 % sum to 1 within 0.02 are probabilities, whatever the array is called; likewise
    log-probabilities, by exp. Where they sum to 1 within 0.5 only, or are called so and are none, the caller is asked.

    Parameters
    ----------
    part : the logits
    kind : `logits` or `probs` where the caller says so; None to recognise probabilities
    progress : told the number of samples of each chunk
    """
    dtype = stored_dtype(part.part.dtype)
    fits = [_Fit(form, np.zeros(part.shape[1], bool)) for form in (PROBS, LOG_PROBS)]
    faulty, fault = np.zeros(part.shape[1], bool), None
    for start, stop in chunk_bounds(part):
        numbers = part.numbers(start, stop)
        chunk = narrowed(numbers, dtype)
        rows = faulty_rows(chunk)
        if rows.any():
            faulty[start:stop] = rows.any(axis=0)
            fault = fault or first_fault(chunk, start, numbers)
        for fit in fits:
            fit.add(chunk, ~rows, start)
        progress(stop - start)
    form, refusal, warning = _decide(part, kind, fits)
    fit = next((fit for fit in fits if fit.form == form), None)
    if fit is None:
        return Scan(form, faulty, fault, 0.0, refusal, warning)
    return Scan(form, faulty | fit.empty, fault or fit.first_empty, fit.off, refusal, warning)


def check_scans(parts: list[Oriented], scans: list[Scan], drop_nan: bool) -> None:
    """Refuse what cannot be kept.

    Raises
    ------
    ValueError : faulty samples that are not to be dropped, rows that are not what they should be, parts of two forms
    """
    for part, found in zip(parts, scans):
        if found.fault and not drop_nan:
            message = describe(found.fault, part.shape[1], part.part.where, "drop the sample with --drop-nan")
            count = int(found.faulty.sum())
            raise ValueError(message if count == 1 else f"{message} ({count} samples are so)")
        if found.refusal:
            raise ValueError(found.refusal)
    if len({found.form for found in scans}) > 1:
        forms = ", ".join(f"{part.part.where}: {found.form}" for part, found in zip(parts, scans))
        raise ValueError(f"the sources hold different things ({forms}): say --kind logits, or export them alike")
