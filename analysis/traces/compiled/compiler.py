"""How the kernel's functions are compiled: by numba, once, and kept in the user's cache folder. Imports numba."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from analysis.metrics import decrease
from analysis.runtime.folders import cache_folder
from analysis.traces import ties

log = logging.getLogger(__name__)
ANY_ORDER = frozenset(("reassoc", "contract", "nsz"))
"""Sums over the classes may be taken in any order; infinities and NaN keep their meaning."""
CONSTANTS = (decrease.__file__, ties.__file__)
"""Sources elsewhere whose constants become part of the machine code."""
AS_WRITTEN = frozenset(("contract", "nsz"))
"""What depends on the order of additions, as splitting off a multiple of log 2 does."""


def compiled(order: frozenset[str] = ANY_ORDER) -> Callable[[Callable], Callable]:
    """A decorator: numba's compilation of what was written, without the type checks that tests wrap around functions.

    A call inside a loop keeps the compiler from taking several classes at once, so what is called there is put there.
    """
    is_called_per_class = order == AS_WRITTEN

    def decorate(function: Callable) -> Callable:
        written = inspect.unwrap(function)
        options = {"nogil": True, "error_model": "numpy", "fastmath": set(order), "forceinline": is_called_per_class}
        options["_nrt"] = False  # arrays come from outside and are not counted: atomic counts took a tenth of the time
        return numba.njit(**options)(written)

    return decorate


@functools.cache
def code_folder() -> Path:
    """Where machine code is kept: one folder per state of these sources, since numba looks at a single file's date.

    In the cache folder, or in what numba's own variable names.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for source in (*sorted(Path(__file__).parent.glob("*.py")), *map(Path, CONSTANTS)):
        digest.update(source.name.encode() + source.read_bytes())
    named = os.environ.get("NUMBA_CACHE_DIR")
    return (Path(named) if named else cache_folder() / "compiled") / digest.hexdigest()[:16]


def is_kept() -> bool:
    """Whether the machine code lies in the cache folder, to be loaded in a moment."""
    return code_folder().is_dir() and any(code_folder().rglob("*.nbc"))


def compile_and_keep(function: Callable, signature: str) -> Callable:
    """A function's machine code for one signature, from the cache folder or, the first time, made and put there.

    Nothing is kept where the folder cannot be written.
    """
    folder, before, known = code_folder(), numba.config.CACHE_DIR, is_kept()
    if not known:  # a warning is shown where nobody has set up logging
        level = logging.WARNING if sys.stderr is not None and sys.stderr.isatty() else logging.INFO
        log.log(level, "compiling the computation of traces for this processor: once, some seconds")
    started = time.perf_counter()
    jitted = compiled()(function)
    with contextlib.suppress(OSError, RuntimeError):
        folder.mkdir(parents=True, exist_ok=True)
        numba.config.CACHE_DIR = str(folder)
        try:
            jitted.enable_caching()
        finally:
            numba.config.CACHE_DIR = before
    jitted.compile(signature)
    log.info("%s in %.1f s", "loaded" if known else "compiled", time.perf_counter() - started)
    return jitted


@intrinsic
def bits_of(typing, value):
    """The bits of a real number as an integer of its width."""
    width = value.bitwidth
    integer = types.int64 if width == 64 else types.int32
    return integer(value), lambda context, builder, signature, given: builder.bitcast(given[0], ir.IntType(width))


@intrinsic
def double_of(typing, bits):
    """The float64 of 64 bits."""
    return types.float64(types.int64), lambda context, builder, signature, given: builder.bitcast(
        given[0], ir.DoubleType()
    )


@intrinsic
def single_of(typing, bits):
    """The float32 of 32 bits."""
    return types.float32(types.int32), lambda context, builder, signature, given: builder.bitcast(
        given[0], ir.FloatType()
    )


@intrinsic
def pointer_to(typing, address):
    """An address as a pointer, for the functions below."""
    return types.voidptr(types.int64), lambda context, builder, signature, given: builder.inttoptr(
        given[0], ir.IntType(8).as_pointer()
    )


def element(number: types.Type, width: ir.Type) -> Callable:
    """A function of a pointer and an index: the number that stands there."""

    @intrinsic
    def at(typing, pointer, index):
        def generate(context, builder, signature, given):
            place = builder.gep(given[0], [given[1]], source_etype=width)
            return builder.load(place, typ=width)

        return number(types.voidptr, types.int64), generate

    return at


half_at = element(types.uint16, ir.IntType(16))
single_at = element(types.float32, ir.FloatType())
double_at = element(types.float64, ir.DoubleType())


@intrinsic
def fetch(typing, address):
    """Ask for the 64 bytes at an address, which may lie anywhere, before they are read."""

    def generate(context, builder, signature, given):
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        for_reading, keep, data = (ir.Constant(number, n) for n in (0, 3, 1))
        builder.call(function, [builder.inttoptr(given[0], pointer), for_reading, keep, data])
        return context.get_dummy_value()

    return types.none(types.int64), generate


@intrinsic
def higher(typing, one, other):
    """The higher of two real numbers, the second where one is NaN.

    Marked so that the compiler takes maxima of several classes at once: it does where it may assume that none is NaN.
    """

    def generate(context, builder, signature, given):
        above = builder.fcmp_ordered(">", *given, flags=("nnan", "nsz"))
        return builder.select(above, *given, flags=("nnan", "nsz"))

    return types.float64(types.float64, types.float64), generate
