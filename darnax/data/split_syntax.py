"""Splits in TFDS's own syntax, such as `train[:80%]` or `train[5:]+validation`, as ranges."""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any, NamedTuple

from darnax.errors import Problem, RequestError, first_line
from darnax.printing import count_of

ROLES = ("train", "validation", "test")


class Range(NamedTuple):
    """The examples from `start` to `end`, exclusive, of one split of a set."""

    split: str
    start: int
    end: int


Ranges = tuple[Range, ...]


def assign_ranges(splits: Mapping[str, Any], given: Mapping[str, str | None]) -> dict[str, Ranges]:
    """Return role -> the examples of a set that are trained on, chosen by and tested on.

    What is not given is the set's own split of that name. A set without a test split is tested on
    its validation split. A validation split, part of which is used otherwise, is not used.

    Args:
        splits: of TFDS, by their names.
        given: role -> a split in TFDS's syntax, or None.

    Raises:
        RequestError: a split does not exist, or two roles have examples in common.
    """
    unknown = sorted(set(given) - set(ROLES))
    if unknown:
        what = f"got {unknown[0]!r}, expected train, validation or test"
        raise RequestError(Problem("data.splits", what))
    chosen = {}
    for role, text in given.items():
        if text is not None:
            chosen[role] = parse_split(text, splits, role)
    if "train" not in chosen:
        chosen["train"] = _own_split("train", splits, given)
    if "test" not in chosen:
        for own in ("test", "validation"):
            is_used = own == "validation" and _uses(chosen.values(), own)
            if own in splits and not is_used:
                chosen["test"] = parse_split(own, splits, "test")
                break
    is_free = "validation" in splits and not _uses(chosen.values(), "validation")
    if "validation" not in chosen and is_free:
        chosen["validation"] = parse_split("validation", splits, "validation")
    require_disjoint(chosen)
    return {role: chosen[role] for role in ROLES if role in chosen}


def _own_split(role: str, splits: Mapping[str, Any], given: Mapping[str, str | None]) -> Ranges:
    if role not in splits:
        names = ", ".join(splits) or "none"
        what = f"got null, but the set has the splits {names}; name one to train on"
        raise RequestError(Problem(f"data.splits.{role}", what))
    return parse_split(role, splits, role)


def _uses(chosen: Iterable[Ranges], split: str) -> bool:
    """Return whether examples of a split have a role."""
    return any(part.split == split for ranges in chosen for part in ranges)


def parse_split(text: str, splits: Mapping[str, Any], role: str) -> Ranges:
    """Return the ranges of a split in TFDS's syntax.

    Raises:
        RequestError: it is not one of this set, or has no examples.
    """
    from tensorflow_datasets.core.splits import AbstractSplit

    where = f"data.splits.{role}"
    try:
        parts = AbstractSplit.from_spec(text).to_absolute(splits)
    except Exception as error:  # TFDS raises ValueError, AssertionError, …
        names = ", ".join(splits)
        what = f"got {text!r} ({first_line(error)}), expected one of {names}, or a part such as"
        raise RequestError(Problem(where, f"{what} train[:80%]")) from error
    ranges = []
    for part in parts:
        total = int(splits[part.splitname].num_examples)
        start, end = part.from_ or 0, total if part.to is None else part.to
        if start >= end:
            what = f"got {text!r}, which has no examples of the {total} of {part.splitname}"
            raise RequestError(Problem(where, what))
        ranges.append(Range(part.splitname, int(start), int(end)))
    return tuple(ranges)


def require_disjoint(chosen: Mapping[str, Ranges]) -> None:
    """Raise RequestError if an example has two roles, or one role twice."""
    placed = [(role, part) for role, ranges in chosen.items() for part in ranges]
    for (role, one), (other_role, other) in combinations(placed, 2):
        common = min(one.end, other.end) - max(one.start, other.start)
        if one.split != other.split or common <= 0:
            continue
        shared = f"{count_of(common, 'example')} of {one.split}"
        if role == other_role:
            what = f"has {shared} twice; name every example once"
            raise RequestError(Problem(f"data.splits.{role}", what))
        first, second = sorted((role, other_role), key=ROLES.index)
        what = f"has {shared} that {second} has as well; "
        what += f"give splits without common examples, such as {first}: train[:80%]"
        raise RequestError(Problem(f"data.splits.{first}", what))
