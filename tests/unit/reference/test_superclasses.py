"""CIFAR-100's classes in their superclasses, by name or by order."""

import numpy as np

from analysis.reference.superclasses import CIFAR100, superclasses_of

NAMES = sorted(name for members in CIFAR100.values() for name in members.split())


def test_twenty_superclasses_of_five_classes():
    assert len(NAMES) == len(set(NAMES)) == 100
    found = superclasses_of("cifar100", NAMES)
    assert len(found.names) == 20
    np.testing.assert_array_equal(np.bincount(found.of_class), np.full(20, 5))
    assert found.names[found.of_class[NAMES.index("aquarium_fish")]] == "fish"


def test_classes_are_matched_by_name_in_any_order_and_spelling():
    names = [name.replace("_", " ").title().replace(" Tree", "") for name in NAMES[::-1]]
    np.testing.assert_array_equal(
        superclasses_of("CIFAR-100", names).of_class, superclasses_of("cifar100", NAMES).of_class[::-1]
    )


def test_unknown_names_are_taken_in_the_order_of_the_data_set():
    numbered = superclasses_of("cifar100", [str(i) for i in range(100)])
    np.testing.assert_array_equal(numbered.of_class, superclasses_of("cifar100", NAMES).of_class)


def test_corrupted_images_have_the_superclasses_of_the_clean_ones():
    found = superclasses_of("cifar100-gaussian-noise-3", NAMES)
    np.testing.assert_array_equal(found.of_class, superclasses_of("cifar100", NAMES).of_class)


def test_other_data_has_none():
    assert superclasses_of("cifar10", NAMES[:10]) is None
    assert superclasses_of(None, [str(i) for i in range(100)]) is None
    assert superclasses_of("cifar100", NAMES[:99]) is None
