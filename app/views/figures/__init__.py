"""The page of figures for a paper."""
