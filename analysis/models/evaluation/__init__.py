"""From a network to a run, or to one image's logits, live; and what its exits cost."""
