"""Early-exit networks: architectures, their checkpoints, exported programs, and running one exit by exit."""
