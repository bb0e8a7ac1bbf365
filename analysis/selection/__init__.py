"""Which samples: a `Selection` is a query and named regions, with one text; a `SampleTable` is what it selects from.

    selection = Selection.parse("pa.fall_true_class > 0.1 and not correct")
    selection.mask(SampleTable(run))

May import run, traces, and predictors, whose ids begin the names of columns; NumPy and pandas only, so that the app's
first page stays light.
"""

from analysis.selection.regions import Axis, Region
from analysis.selection.sample_table import SampleTable
from analysis.selection.selection import Selection
from analysis.selection.slices import Slice, Slices, slice_of

__all__ = ["Axis", "Region", "SampleTable", "Selection", "Slice", "Slices", "slice_of"]
