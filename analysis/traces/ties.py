"""When two probabilities are equal: the one rule for predictions and ranks, however traces are computed."""

TIE = 2.0**-40
"""Log-probabilities no further apart than this, 9e-13, are ties; further apart they are not.

A product of the same factors in another order differs by less: by 1e-14 over 7 exits, by 6e-13 over 40 of weight 1.
Two float32 logits that differ, by more: neighbours from 2e-5 on, neighbouring factors of a product at any weight from
2e-5 on. The predicted class is the lowest of those that tie with the likeliest.
"""
