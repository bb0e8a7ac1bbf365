"""What is fitted on samples: on which, the badge, passes over the logits, and sets of classes."""
