"""What the figures of classes and of pairs of classes say: their titles as sentences. Texts are plain."""

from collections.abc import Sequence

from analysis.words.formats import counted, percent, plural


def classes_finding(worst: tuple[str, float, float] | None, label: str, threshold: float) -> str:
    """Which class falls most often.

    Parameters
    ----------
    worst : (its name, percent of its samples that fall under the baseline, under the predictor); None: no class has any
    label : str
        The predictor's short name.

    Examples
    --------
    >>> classes_finding(("boy", 84.0, 0.0), "PA", 0.1)
    'Falls most often: boy, 84.0% of its samples by more than 0.1 under the baseline, none under PA'
    """
    if worst is None:
        return "No class has samples here"
    name, before, after = worst
    if not before:
        return f"No sample falls by more than {threshold:g} under the baseline"
    of = f"{percent(before)} of its samples by more than {threshold:g} under the baseline"
    return f"Falls most often: {name}, {of}, {percent(after) if after else 'none'} under {label}"


def pairs_finding(first: tuple[str, str, int, int] | None, label: str) -> str:
    """Which class is taken for which most often.

    Parameters
    ----------
    first : (class, answer, how often under the baseline, under the predictor); None: no answer is of another class

    Examples
    --------
    >>> pairs_finding(("maple", "oak", 31, 27), "PA")
    'Most often maple is taken for oak: 31 times under the baseline, 27 under PA'
    """
    if first is None:
        return "No class is taken for another"
    true, answer, before, after = first
    often = f"{_times(before)} under the baseline, {f'{after:,}' if after else 'never'} under {label}"
    return f"Most often {true} is taken for {answer}: {often}"


def _times(count: int) -> str:
    return f"{count:,} {plural(count, 'time')}" if count else "never"


def confusion_finding(wrong: int, half: int, classes: int, whose: str) -> str:
    """In how few pairs of classes half of the wrong answers lie.

    Parameters
    ----------
    wrong : how many answers are of another class
    half : how many pairs hold half of them
    classes : how many classes there are, whose pairs these are
    whose : "the baseline" or a predictor's short name

    Examples
    --------
    >>> confusion_finding(3180, 310, 100, "PA")
    'Half of the 3,180 wrong answers of PA lie in 310 of 9,900 pairs of classes'
    """
    if not wrong:
        return f"Under {whose}, no class is taken for another"
    if wrong == 1:
        return f"Under {whose}, one answer is of another class"
    pairs = f"{half:,} of {classes * (classes - 1):,} pairs of classes"
    return f"Half of the {counted(wrong, 'wrong answer')} of {whose} lie in {pairs}"


def matrix_words(drawn: int, classes: int, kind: str) -> str:
    """Which classes a matrix holds.

    Examples
    --------
    >>> matrix_words(40, 100, "classes"), matrix_words(20, 20, "superclasses")
    ('the 40 of 100 classes that are confused most', 'all 20 superclasses')
    """
    return f"the {drawn} of {classes:,} {kind} that are confused most" if drawn < classes else f"all {classes} {kind}"


def answers_at(exit_: str, exit_names: Sequence[str]) -> str:
    """Whose answers are counted, by the value of the control: last, any, or an exit's number from 1.

    Examples
    --------
    >>> answers_at("last", "12"), answers_at("any", "12"), answers_at("2", "12")
    ('at the last exit', 'at any exit', 'at exit 2')
    """
    if exit_ in ("last", "any"):
        return f"at {'the last' if exit_ == 'last' else 'any'} exit"
    return f"at exit {exit_names[int(exit_) - 1]}"
