"""Data sets as their authors and the papers describe them: classes, and how their images are normalised."""

NORMALISATION = {
    "cifar10": ((0.4914, 0.4824, 0.4467), (0.2471, 0.2435, 0.2616)),
    "cifar100": ((0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}
"""Mean and standard deviation of each channel, for images scaled to [0, 1]; `none` leaves them so."""

CLASSES = {"cifar10": 10, "cifar100": 100}
"""How many classes a dataset has, counted from 0."""

CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""CIFAR-10's classes, as its files spell and order them."""
