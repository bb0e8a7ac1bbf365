"""Compare: the page and the parts that it alone uses."""
