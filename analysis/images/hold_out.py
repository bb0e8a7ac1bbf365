"""Which training images are kept out for calibration. Imports numpy, and torch when it is called."""

from __future__ import annotations

import numpy as np


def holdout_index(images: int, holdout: int) -> np.ndarray:
    """Sorted positions of the training images kept out for calibration: the same for every training seed.

    Of fewer than ten times `holdout` images a tenth is kept out, so that small data sets train too.
    """
    import torch

    holdout = min(holdout, images // 10)
    order = torch.randperm(images, generator=torch.Generator().manual_seed(0))
    return np.sort(order[:holdout].numpy())
