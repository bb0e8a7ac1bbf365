"""When to stop: rules that pick an exit, and what they and the corrections cost. Arrays in, numbers out; no Run."""
