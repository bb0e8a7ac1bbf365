"""What a run shows that traces do not hold, so that its logits are read again: calibration, sets of classes, tuning."""
