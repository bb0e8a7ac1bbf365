"""A run and a predictor -> a few numbers per sample and exit, computed in one bounded-memory pass and kept on disk.

Reading traces that are bundled or cached imports no torch; computing them does.
"""

from analysis.traces.arrays import trace_logits, trace_together
from analysis.traces.bundle import bundle_traces
from analysis.traces.compute import compute_traces
from analysis.traces.load import at_hand, bundled_name, load_traces
from analysis.traces.parquet import COLUMNS, read_traces_parquet, write_traces_parquet
from analysis.traces.table import FALLS, Traces

__all__ = [
    "COLUMNS",
    "FALLS",
    "Traces",
    "at_hand",
    "bundle_traces",
    "bundled_name",
    "compute_traces",
    "load_traces",
    "read_traces_parquet",
    "trace_logits",
    "trace_together",
    "write_traces_parquet",
]
