"""Which samples: a small query grammar, brushed regions resolved over all samples, the table they act on.

May import run and traces; NumPy and pandas only, so that the app's first page stays light.
"""
