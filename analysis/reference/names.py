"""How people write what runs and recipes call by ids. Imports nothing."""

DATASETS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet": "ImageNet"}
MODELS = {"msdnet": "MSDNet", "imta": "IMTA", "dvit": "DViT"}


def network_name(dataset: str, model: str) -> str:
    """A network and what it was trained on; ids that are not known stand as they are.

    Examples
    --------
    >>> network_name("cifar100", "msdnet"), network_name("mine", "resnet")
    ('MSDNet on CIFAR-100', 'resnet on mine')
    """
    return f"{MODELS.get(model, model)} on {DATASETS.get(dataset, dataset)}"
