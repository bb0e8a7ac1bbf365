"""`bench`: how fast traces, metrics and policies are computed."""
