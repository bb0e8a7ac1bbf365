"""When to stop: rules that pick an exit, and what they cost. Arrays in, numbers out; no Run."""
