"""The 20 superclasses of CIFAR-100. Needs only NumPy.

Source: Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

CIFAR100 = {
    "aquatic mammals": "beaver dolphin otter seal whale",
    "fish": "aquarium_fish flatfish ray shark trout",
    "flowers": "orchid poppy rose sunflower tulip",
    "food containers": "bottle bowl can cup plate",
    "fruit and vegetables": "apple mushroom orange pear sweet_pepper",
    "household electrical devices": "clock keyboard lamp telephone television",
    "household furniture": "bed chair couch table wardrobe",
    "insects": "bee beetle butterfly caterpillar cockroach",
    "large carnivores": "bear leopard lion tiger wolf",
    "large man-made outdoor things": "bridge castle house road skyscraper",
    "large natural outdoor scenes": "cloud forest mountain plain sea",
    "large omnivores and herbivores": "camel cattle chimpanzee elephant kangaroo",
    "medium-sized mammals": "fox porcupine possum raccoon skunk",
    "non-insect invertebrates": "crab lobster snail spider worm",
    "people": "baby boy girl man woman",
    "reptiles": "crocodile dinosaur lizard snake turtle",
    "small mammals": "hamster mouse rabbit shrew squirrel",
    "trees": "maple_tree oak_tree palm_tree pine_tree willow_tree",
    "vehicles 1": "bicycle bus motorcycle pickup_truck train",
    "vehicles 2": "lawn_mower rocket streetcar tank tractor",
}
"""Superclass -> its five classes, as the data set's files spell them (which number classes in alphabetical order)."""


class Superclasses(NamedTuple):
    """A coarser grouping of a run's classes."""

    names: tuple[str, ...]
    of_class: Int64[np.ndarray, " classes"]
    """The superclass of every class."""


def spelled(name: str) -> str:
    """A class name as `CIFAR100` spells it: 'Maple tree', 'maple-tree' and 'maple' are maple_tree."""
    name = name.strip().lower().replace(" ", "_").replace("-", "_")
    return f"{name}_tree" if name in ("maple", "oak", "palm", "pine", "willow") else name


def superclasses_of(dataset: str | None, class_names: Sequence[str]) -> Superclasses | None:
    """The superclasses of a run's classes; None unless they are CIFAR-100's.

    Classes are matched by name, whatever the data set is called (corrupted images have CIFAR-100's classes too), and by
    the data set's alphabetical order where it is `cifar100` and the names are other ones.

    Parameters
    ----------
    dataset
        As a run names it; `cifar100` or `cifar-100`.
    class_names
        One per class.
    """
    if len(class_names) != 100:
        return None
    group_of = {name: group for group, members in enumerate(CIFAR100.values()) for name in members.split()}
    names = [spelled(name) for name in class_names]
    if set(names) != set(group_of):
        if (dataset or "").lower().replace("-", "") != "cifar100":
            return None
        names = sorted(group_of)
    return Superclasses(tuple(CIFAR100), np.array([group_of[name] for name in names], np.int64))
