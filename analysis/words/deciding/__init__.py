"""Sentences about when to stop, and how sure an answer is: budgets, rules, shift, tuning, calibration, sets."""
