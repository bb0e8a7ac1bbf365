"""Traces or probabilities -> numbers: pure NumPy functions, one idea per file. They know neither runs nor predictors.

Arrays are (exits, samples). Samples without a label are left out by the caller; a mean over no sample is NaN.
"""
