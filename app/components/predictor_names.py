"""What a predictor is called on a page."""

from analysis.predictors import available_predictors


def label_of(predictor: str) -> str:
    """The short name of a predictor, by its id: in a figure or a heading."""
    return available_predictors()[predictor].label


def named(predictor: str) -> str:
    """The same within a sentence, where the baseline is a word."""
    return "the baseline" if predictor == "baseline" else label_of(predictor)
