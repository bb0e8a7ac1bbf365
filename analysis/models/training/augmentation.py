"""Random crops and flips, drawn apart from the images that they are applied to. Imports torch only.

What is drawn for an epoch is a table that lies on the device: a step that only reads its rows can be recorded once and
repeated, and one that was interrupted goes on with the same rows.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

PADDING = 4


def draw_crops(images: int, generator: torch.Generator) -> Tensor:
    """For each image the corner of its crop in the padded image and whether it is flipped.

    Returns
    -------
    int16 (3, images) on the generator's device: row and column from 0 to 8, and 0 or 1
    """
    device = generator.device
    corners = torch.randint(0, 2 * PADDING + 1, (2, images), generator=generator, device=device)
    flips = torch.rand(1, images, generator=generator, device=device) < 0.5
    return torch.cat([corners, flips]).to(torch.int16)


def crop_and_flip(images: Tensor, crops: Tensor) -> Tensor:
    """Crops of images (images, 3, height, width) after zero padding of 4, some flipped from left to right.

    Of normalised images: the border is the mean colour of the data set. Public code crops first: its border is black.

    Parameters
    ----------
    crops : (3, images), as `draw_crops` gives them
    """
    count, _, height, width = images.shape
    device = images.device
    top, left, flip = crops.long().unsqueeze(2)  # each (images, 1)
    rows = top + torch.arange(height, device=device)
    columns = torch.arange(width, device=device).expand(count, -1)
    columns = left + torch.where(flip > 0, width - 1 - columns, columns)
    padded = F.pad(images, (PADDING,) * 4).permute(0, 2, 3, 1)  # (images, height + 8, width + 8, 3)
    index = torch.arange(count, device=device).view(-1, 1, 1)
    return padded[index, rows.unsqueeze(2), columns.unsqueeze(1)].permute(0, 3, 1, 2).contiguous()
