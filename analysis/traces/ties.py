"""When two probabilities are equal: the one rule for predictions and ranks, however traces are computed."""

TIE_GRID = 2.0**36
"""Log-probabilities that agree to 1.5e-11 are ties: a product of the same factors in another order differs by 1e-15.

A log-probability times this, rounded to a whole number, is what is compared."""
