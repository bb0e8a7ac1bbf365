"""Which samples are selected, on every page: what the address says, its line, the strip below a figure, slices.

A figure hands what was brushed or clicked to `select`, and shows the samples below itself by `strip`.
"""

from app.components.selection.held import open_gallery, sample_table, select
from app.components.selection.strip import strip

__all__ = ["open_gallery", "sample_table", "select", "strip"]
