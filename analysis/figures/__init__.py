"""Numbers -> plotly figures, one figure per file; may import plotly and NumPy only, and computes no statistics."""
