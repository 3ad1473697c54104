"""The purpose of each split of a set: training, choosing (validation), or testing."""

from typing import NamedTuple

from darnax.data.selection import Selection
from darnax.data.sources import Source
from darnax.errors import Problem, RequestError


class Roles(NamedTuple):
    """The split to test on and the one for validation; None where it is carved out of train."""

    test: str | None
    validation: str | None


def assign_roles(source: Source, selection: Selection, *, existing: bool = False) -> Roles:
    """Return which of the set's own splits are used for testing and for validation.

    A set without a test split is tested on its validation split; then it has no validation split.
    With `existing`, a run of an earlier version may carve validation examples out of train although
    the set has a validation split of its own, which is then unused.

    Raises:
        RequestError: there is nothing to train on or to test on, or two splits for one purpose.
    """
    name, own = source.name, source.counts
    if "train" not in own:
        got = ", ".join(source.builder.info.splits) or "none"
        what = f"{name} has the splits {got}, expected train, and test or validation"
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
    """Raise RequestError if `selection` carves validation examples out although there are `own`."""
    if selection.validation:
        what = (
            f"got {selection.validation}, expected 0: {name} has a validation split of its own, "
            f"of {own}; set it to 0 to choose by that"
        )
        raise RequestError(Problem("data.validation", what))
