"""What each split of a set serves for: to train on, to choose by, or to test on."""

from typing import NamedTuple

from darnax.data.selection import Selection
from darnax.data.sources import Source
from darnax.errors import Problem, RequestError


class Roles(NamedTuple):
    """The split that a set is tested on, and the one to choose by; None is carved out of train."""

    test: str | None
    validation: str | None


def assign_roles(source: Source, selection: Selection, *, existing: bool = False) -> Roles:
    """Return which of the set's own splits serve for what.

    A set without a test split is tested on its validation split; then none is left to choose by.
    With `existing`, a run of an earlier version may keep examples of train out although the set
    has a validation split of its own, which is left aside.

    Raises:
        RequestError: there is nothing to train on or to test on, or two splits for one purpose.
    """
    name, own = source.name, source.counts
    there = ", ".join(source.builder.info.splits) or "none"
    if "train" not in own:
        what = f"{name} has the splits {there}, expected train, and test or validation"
        raise RequestError(Problem("data.name", what))
    test = next((split for split in ("test", "validation") if split in own), None)
    if test and selection.test:
        what = f"got {selection.test}, but {name} has the split {test} to test on; leave it out"
        raise RequestError(Problem("data.test", what))
    if not test and not selection.test:
        what = (
            f"{name} has the split train alone; keep some of it for testing, with +data.test=1000"
        )
        raise RequestError(Problem("data.name", what))
    if test != "test" or "validation" not in own:
        return Roles(test, None)
    if not existing:
        require_one_validation(name, own["validation"], selection)
    return Roles(test, None if selection.validation else "validation")


def require_one_validation(name: str, own: int, selection: Selection) -> None:
    """Raise RequestError where examples are to be kept out of train beside `own` ones to choose by."""
    if selection.validation:
        what = (
            f"got {selection.validation}, expected 0: {name} has a validation split of its own, "
            f"of {own}; set it to 0 to choose by that"
        )
        raise RequestError(Problem("data.validation", what))
