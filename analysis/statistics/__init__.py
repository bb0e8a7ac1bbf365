"""Arrays -> intervals, bounds and tests. Needs only NumPy and the standard library; imports nothing of ours."""
