"""Names of scores among the metrics of a run: `<set>/<score>`, such as `eval/accuracy`."""

import re
from typing import NamedTuple

ACCURACY = "accuracy"
SETS = ("train", "eval", "test")
AT_CHANCE = "at_chance"  # whether the accuracy of the same set is that of one answer for all
SPREAD = "_sd"  # after the name of a score: its standard deviation over replicas
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Score(NamedTuple):
    """The set that was scored, and the name of the score."""

    set: str
    name: str


def parse_score(metric: str) -> Score | None:
    """Return what a metric is a score of; None where it is none.

    Example:
        >>> parse_score("eval/accuracy"), parse_score("norm/w_in")
        (Score(set='eval', name='accuracy'), None)
        >>> parse_score("eval/at_chance"), parse_score("eval/accuracy_sd")
        (None, None)
    """
    of, slash, name = metric.partition("/")
    if slash and name == ACCURACY:
        return Score(of, name)
    is_other = name == AT_CHANCE or name.endswith(SPREAD) or not NAME.fullmatch(name)
    return None if of not in SETS or is_other else Score(of, name)


def is_score(metric: str) -> bool:
    """Tell whether a metric is a score, under whatever name."""
    return metric.endswith(ACCURACY) or parse_score(metric) is not None


def require_score_name(name: object) -> None:
    """Raise ValueError unless a label code may call its score so."""
    is_name = isinstance(name, str) and NAME.fullmatch(name) is not None
    if not is_name or name == AT_CHANCE or str(name).endswith(SPREAD):
        what = f"expected letters, digits and _, neither {AT_CHANCE} nor ending in {SPREAD}"
        raise ValueError(f"got the score_name {name!r}, {what}")


def format_score(name: str, value: float) -> str:
    """Write a score: an accuracy in percent, anything else in four digits.

    Example:
        >>> format_score("accuracy", 0.97371), format_score("squared_error", 1.23456)
        ('97.37%', '1.235')
    """
    return f"{value:.2%}" if name.endswith(ACCURACY) else f"{value:.4g}"


def format_spread(name: str, mean: float, deviation: float) -> str:
    """Write the mean of a score and its standard deviation, or standard error.

    Example:
        >>> format_spread("accuracy", 0.97371, 0.0012), format_spread("loss", 1.23456, 0.01)
        ('97.37 ± 0.12%', '1.235 ± 0.01')
    """
    text = format_score(name, mean).removesuffix("%")
    return f"{text} ± {format_score(name, deviation)}"


def label_score(score: Score, text: str) -> str:
    """Write the set and a formatted score; the name of the score only where it is no accuracy.

    Example:
        >>> label_score(Score("eval", "accuracy"), "97.37%")
        'eval 97.37%'
        >>> label_score(Score("eval", "squared_error"), "1.235")
        'eval squared_error 1.235'
    """
    return f"{score.set} {text}" if score.name == ACCURACY else f"{score.set} {score.name} {text}"
