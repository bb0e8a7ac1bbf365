"""What a run shows, as numbers: of one predictor, of two side by side, of several seeds, and against the paper."""
