"""Seeded logits of no network, whose accuracies and falls resemble those of MSDNets: for timings and trials.

A sample's logits are Gaussian: a part that all exits share, a part of each exit's own, and for the true class as much
as the largest of the others reaches, plus the sample's ease and what deeper exits gain. With 7 exits and 100 classes,
60% of the samples are right at the first exit and 72% at the last (MSDNet on CIFAR-100: 63% and 72%), and the true
class falls by more than 0.1 for 51% under the baseline and 0% under PA (49% and 0%). With 5 exits and 1,000 classes,
59% and 73%, 40% and 0% (MSDNet on ImageNet: 58% and 73%, 34% and 0%). Needs only NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

CHUNK_SAMPLES = 500
"""Samples that are drawn from one stream of random numbers: a longer run begins with the shorter one."""
SPREAD = 3.0
"""Standard deviation of the logits, the unit of what follows."""
SHARED = 0.75
"""Share of their variance that all exits have in common."""
GAIN = 0.7
"""How much further the true class stands out at the last exit than at the first."""
EASE = 1.7
"""Standard deviation of the ease of samples."""
WAVER = 0.3
"""Standard deviation of how far the true class stands out from exit to exit."""


def synthetic_labels(n_samples: int, n_classes: int, seed: int = 0) -> np.ndarray:
    """The true classes, int64 (samples,), uniform."""
    return np.random.default_rng((seed, 0)).integers(n_classes, size=n_samples)


def synthetic_logits(n_exits: int, n_samples: int, n_classes: int, seed: int = 0) -> Iterator[np.ndarray]:
    """The logits that belong to `synthetic_labels`, in chunks (exits, up to 500 samples, classes), float16.

    >>> [chunk.shape for chunk in synthetic_logits(2, 700, 10)]
    [(2, 500, 10), (2, 200, 10)]
    """
    labels = synthetic_labels(n_samples, n_classes, seed)
    depth = (np.arange(n_exits) / max(1, n_exits - 1)) ** 0.6
    for start in range(0, n_samples, CHUNK_SAMPLES):
        here = labels[start : start + CHUNK_SAMPLES]
        generator = np.random.default_rng((seed, 1, start // CHUNK_SAMPLES))
        # All of a chunk is drawn, whatever part of it is wanted.
        shared = generator.standard_normal((CHUNK_SAMPLES, n_classes), np.float32)[: len(here)]
        ease = EASE * generator.standard_normal(CHUNK_SAMPLES, np.float32)[: len(here)]
        chunk = np.empty((n_exits, len(here), n_classes), np.float16)
        for m in range(n_exits):
            own = generator.standard_normal((CHUNK_SAMPLES, n_classes), np.float32)[: len(here)]
            waver = WAVER * generator.standard_normal(CHUNK_SAMPLES, np.float32)[: len(here)]
            scores = math.sqrt(SHARED) * shared + math.sqrt(1 - SHARED) * own
            scores[np.arange(len(here)), here] += math.sqrt(2 * math.log(n_classes)) + GAIN * depth[m] + ease + waver
            chunk[m] = SPREAD * scores
        yield chunk
