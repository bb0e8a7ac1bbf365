"""How a network is evaluated: device, batch, precision, corruption, and what the run keeps. Imports torch."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from analysis.images.corruptions import corrupt
from analysis.images.datasets import Images
from analysis.models.evaluation.inference import BATCH

CHUNK = 256
"""Images that are lost at most when an evaluation is killed; a larger batch makes larger chunks."""

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Plan:
    """How a network is evaluated: all of it that changes the logits, or where they are computed.

    corruption : kind and severity, as `analysis.images.corruptions` knows them; None: the images as they are
    batch : images at a time; None: 250, on CUDA 2000, fewer where they do not fit into the memory
    half : logits and weights are kept as float16
    images : whether the images are kept beside the run
    chunk : images that are lost at most when the evaluation is killed; None: 256, or a batch if that is more
    latency_batch : measure the latency of each exit with so many images; None: do not
    elsewhere : what to choose where the runs folder holds other images of the same name, for messages
    """

    device: torch.device
    batch: int | None = CHUNK
    dtype: str = "fp32"
    corruption: tuple[str, int] | None = None
    seed: int = 0
    half: bool = False
    images: bool = True
    chunk: int | None = None
    latency_batch: int | None = None
    elsewhere: str = "another --dataset name, or an --out in another folder"

    @property
    def torch_dtype(self) -> torch.dtype:
        """What the network computes in."""
        return DTYPES[self.dtype]

    @property
    def images_per_chunk(self) -> int:
        """Images of a chunk; without a batch that of the device, so that no batch is cut."""
        if self.chunk is not None:
            return self.chunk
        return BATCH[self.device.type] if self.batch is None else max(CHUNK, self.batch)

    @property
    def corrupted(self) -> str:
        """Kind and severity for people; empty without corruption."""
        return f"{self.corruption[0].replace('-', ' ')} of severity {self.corruption[1]}" if self.corruption else ""

    def dataset(self, dataset: str | None) -> str | None:
        """The name of the images that the network sees; None where they have none."""
        if dataset is None or self.corruption is None:
            return dataset
        return f"{dataset}-{self.corruption[0]}-{self.corruption[1]}"

    def seen(self, images: Images, first: int) -> Images:
        """The images that the network sees of those given, the first of which is at position `first` of its split."""
        if self.corruption is None:
            return images
        pixels = corrupt(images.pixels, *self.corruption, seed=self.seed, first=first)
        return Images(pixels, images.labels, images.class_names)
