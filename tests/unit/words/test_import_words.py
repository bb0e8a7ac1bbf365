"""What is said of files before they are imported."""

from analysis.words.imports import looks_right, would_make


def test_the_size_in_words():
    assert would_make(1, 1, {"test": 1}) == "1 exit, 1 class, 1 test sample"
    said = would_make(7, 100, {"calibration": 1000, "test": 9000}, dropped=2)
    assert said == "7 exits, 100 classes, 1,000 calibration samples, 9,000 test samples; 2 samples left out"


def test_accuracies_that_guess_are_doubted_where_samples_are_enough():
    words, right = looks_right({"test": [0.1, 0.12]}, {"test": 400}, 10)
    assert not right
    assert words.startswith("No exit is better than guessing (10.0%)")
    assert looks_right({"test": [0.1, 0.12]}, {"test": 10}, 10)[1]
    assert looks_right({"test": [0.1, 0.2]}, {"test": 400}, 10)[1]


def test_one_exit_and_no_label():
    assert looks_right({"calibration": [0.5]}, {"calibration": 400}, 10)[0] == (
        "Accuracy on the calibration samples is 50.0%."
    )
    assert looks_right({}, {"test": 0}, 10)[0].startswith("No label is known")
