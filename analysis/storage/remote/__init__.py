"""Runs on object storage: what is small is copied into the cache, logits and images are read there by ranges."""
