"""Lines of a table that compare two networks: accuracies, difference and p."""

import re

from reproduction.quotes.cells import Accuracy, Cell, Derived, Measured, Pairs
from reproduction.quotes.quote import Line
from reproduction.rows.row import Section

COMPARED = re.compile(r"(?P<difference>\S+) \[[^]]*\](, p (?P<p>\S+))?")


def compare_rows(task: str, section: Section, without: str, relaxed: str) -> Line:
    """Return the line of two rows of a section, in pairs by seed."""
    compared = Pairs.of(section, relaxed, without)
    accuracies = (Accuracy.of(section, without), Accuracy.of(section, relaxed))
    return (task, *accuracies, *read_comparison(compared))


def compare_steps(task: str, images: str) -> Line:
    """Return the line of couplings that learn, after one step and after 50."""
    column = f"{images}, they learn"

    def after(steps: int | str) -> Measured:
        return Measured("couplings_by_steps", {"steps, at most": steps}, column)

    return (task, after(1), after(50), *read_comparison(after("50 − 1")))


def compare_states(task: str, measurement: str) -> Line:
    """Return the line of the perceptron of the map with J_D = 0.5 and much noise, by steps."""
    key = {"load": 60, "disturbed": "40 %", "J_D": 0.5, "κ": 0.89}
    first, last, gain, p = (
        Measured(measurement, key, column)
        for column in ("1 step", "at rest", "at rest − 1 step", "p")
    )
    return (task, first, last, Derived(read_difference, (gain,)), p)


def compare_rounds(
    task: str, load: int, other: str = "one round", measurement: str = "completion_with_class"
) -> Line:
    """Return the line of the class of digits with 80 % unknown, by rounds and another network."""
    key = {"images": "MNIST", "load": load, "unknown": "80 %"}
    without, rounds, gain = (
        Measured(measurement, key, column)
        for column in (other, "rounds of filling in", f"rounds − {other}")
    )
    return (task, without, rounds, *read_comparison(gain))


def read_comparison(compared: Cell) -> tuple[Cell, Cell]:
    """Return the cells of the difference and of the p of a comparison."""
    return Derived(read_difference, (compared,)), Derived(read_p, (compared,))


def read_difference(compared: str) -> str:
    """Return the difference of a comparison, without its interval.

    Example:
        >>> read_difference("+1.5 [1.0, 2.0], p 0.0055")
        '+1.5'
    """
    return match_compared(compared)["difference"]


def read_p(compared: str) -> str:
    """Return the p of a comparison; "" if it has none.

    Example:
        >>> read_p("+1.5 [1.0, 2.0], p 0.0055")
        '0.0055'
    """
    return match_compared(compared)["p"] or ""


def match_compared(compared: str) -> re.Match[str]:
    """Return the parts of a comparison."""
    match = COMPARED.fullmatch(compared)
    if match is None:
        raise ValueError(f"got {compared}, expected a difference with its interval")
    return match
