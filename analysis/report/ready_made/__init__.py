"""The figures of a paper on early exits, of any run: `READY_MADE` says which, `measured` gives their numbers."""

from analysis.report.ready_made.measured import Measured, measured, numbers_of_another
from analysis.report.ready_made.table import READY_MADE, Made, ReadyMade, find_figure

__all__ = ["READY_MADE", "Made", "Measured", "ReadyMade", "find_figure", "measured", "numbers_of_another"]
