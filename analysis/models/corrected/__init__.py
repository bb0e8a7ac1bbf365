"""A network with its correction inside: corrected probabilities exit by exit; by a rule it stops by itself."""
