"""Traces on the CPU in one visit of each logit: what the reference path computes, compiled by numba.

Importing this imports no numba; asking for traces does.
"""

from analysis.traces.compiled.chunk import Reduced, Requests, fused_chunk, fused_requests
from analysis.traces.compiled.one_sample import fused_probs

__all__ = ["Reduced", "Requests", "fused_chunk", "fused_probs", "fused_requests"]
