"""Commands about networks: train one, evaluate one into a run, take one away with its correction."""
