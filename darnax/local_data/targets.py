"""Targets as they are in files: names, any integers, one-hot codes, ±1 patterns, real numbers."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from darnax.errors import Problem, RequestError
from darnax.near import near
from darnax.printing import count_of

KINDS = ("classes", "patterns", "values")
MOST_CLASSES = 1_000_000
_SHOWN = 5  # classes that a message names


class Targets(NamedTuple):
    """Targets by split, as training uses them: (n,) int32 classes, or (n, *size) float32.

    `class_names` is empty where they are no classes.
    """

    splits: Mapping[str, np.ndarray]
    class_names: tuple[str, ...]


def convert_targets(
    splits: Mapping[str, np.ndarray],
    kind: str | None = None,
    class_names: Sequence[str] | None = None,
    where: str = "data.path",
) -> Targets:
    """Return targets as training uses them.

    Names, integers and booleans (n,) are classes: sorted, and numbered in this order. Rows with one
    1 among 0s (or −1s) are one-hot classes. Other rows of ±1 are patterns, all else real values.

    Args:
        splits: `train` and others; arrays (n,) or (n, *size).
        kind: `classes`, `patterns` or `values`, or None to judge by the targets of train.
        class_names: of a run that exists, in their order; None: those of train.
        where: the setting that messages name.

    Raises:
        RequestError: the targets are not of this kind, contain NaN, or a class is not in train.

    Example:
        >>> found = convert_targets({"train": np.array(["dog", "cat", "dog"])})
        >>> found.splits["train"].tolist(), found.class_names
        ([1, 0, 1], ('cat', 'dog'))
    """
    if kind is not None and kind not in KINDS:
        what = f"got {kind!r}, expected null, {', '.join(KINDS[:-1])} or {KINDS[-1]}"
        raise RequestError(Problem("data.targets", what))
    given = {role: _as_plain(role, targets, where) for role, targets in splits.items()}
    kind = kind or find_kind(given["train"])
    if kind == "classes":
        return _number_classes(given, class_names, where)
    for role, targets in given.items():
        if targets.dtype.kind not in "biuf":
            what = f"the targets of {role} are {targets.dtype}, expected numbers for {kind}"
            raise RequestError(Problem(where, what))
        if kind == "patterns" and not np.isin(targets, (-1, 1)).all():
            what = f"the targets of {role} contain other numbers than 1 and −1"
            raise RequestError(Problem(where, f"{what}, expected patterns of them"))
    columns = {role: targets.reshape(len(targets), -1) for role, targets in given.items()}
    shapes = {targets.shape[1:] for targets in given.values()}
    if len(shapes) > 1:
        what = f"the targets of the splits have shapes {', '.join(map(str, sorted(shapes)))}"
        raise RequestError(Problem(where, f"{what}, expected one shape for all"))
    return Targets({role: part.astype(np.float32) for role, part in columns.items()}, ())


def _as_plain(role: str, targets: np.ndarray, where: str) -> np.ndarray:
    """Return targets without an axis of length one, or refuse what is no number and no name."""
    targets = np.asarray(targets)
    if targets.ndim > 1 and targets.size == len(targets):
        targets = targets.reshape(-1)
    if targets.dtype.kind == "O" and all(isinstance(each, str) for each in targets.flat):
        targets = targets.astype(str)
    if targets.ndim < 1 or targets.dtype.kind not in "biufUS":
        what = f"the targets of {role} are {targets.dtype}, expected numbers or names"
        raise RequestError(Problem(where, what))
    if targets.dtype.kind == "S":
        targets = np.char.decode(targets, "utf-8", "replace")
    if targets.dtype.kind == "f" and not np.isfinite(targets).all():
        bad = int((~np.isfinite(targets.reshape(len(targets), -1))).any(axis=1).sum())
        what = f"targets of {role}: {bad} NaN or infinite, expected finite numbers"
        raise RequestError(Problem(where, what))
    return targets


def find_kind(targets: np.ndarray) -> str:
    """Return what targets are: classes, patterns or values.

    Example:
        >>> find_kind(np.array([3, 7])), find_kind(np.array([[-1, -1], [1, -1]]))
        ('classes', 'patterns')
        >>> find_kind(np.array([[0, 1], [1, 0]])), find_kind(np.array([0.5, 2]))
        ('classes', 'values')
    """
    if targets.ndim == 1:
        return "values" if targets.dtype.kind == "f" else "classes"
    if targets.dtype.kind not in "biuf":
        return "classes"  # which _number_classes will refuse
    if _is_one_hot(targets):
        return "classes"
    return "patterns" if np.isin(targets, (-1, 1)).all() else "values"


def _is_one_hot(targets: np.ndarray) -> bool:
    if targets.ndim != 2 or targets.shape[1] < 2:
        return False
    shown = targets == 1
    others_alike = (shown | (targets == 0)).all() or (shown | (targets == -1)).all()
    return bool(others_alike and (shown.sum(axis=1) == 1).all())


def _number_classes(
    given: Mapping[str, np.ndarray], class_names: Sequence[str] | None, where: str
) -> Targets:
    flat = {}
    for role, targets in given.items():
        if targets.ndim > 1 and not _is_one_hot(targets):
            what = f"the targets of {role} have shape {targets.shape} and are not one-hot"
            raise RequestError(Problem(where, f"{what}, expected one class for each example"))
        if targets.ndim > 1:
            targets = targets.argmax(axis=1)
        if targets.dtype.kind == "f" and (targets == np.round(targets)).all():
            targets = targets.astype(np.int64)
        if targets.dtype.kind == "f":
            what = f"the targets of {role} are real numbers, expected classes"
            raise RequestError(Problem(where, f"{what}; give data.targets=values for regression"))
        flat[role] = targets
    width = {targets.shape[1] for targets in given.values() if targets.ndim > 1}
    names = class_names
    if names is None and len(width) > 1:
        what = f"one-hot targets have {' and '.join(map(str, sorted(width)))} columns"
        raise RequestError(Problem(where, f"{what} in different splits, expected as many in all"))
    if names is None and width:
        names = [str(number) for number in range(max(width))]
    if names is None:
        names = [str(label) for label in np.unique(flat["train"]).tolist()]
    if len(names) > MOST_CLASSES:
        what = f"got {count_of(len(names), 'class', 'classes')}, expected at most {MOST_CLASSES}"
        raise RequestError(Problem(where, f"{what}; give data.targets=values for regression"))
    is_recorded = class_names is not None
    return Targets(
        {role: number_labels(role, part, names, where, is_recorded) for role, part in flat.items()},
        tuple(names),
    )


def number_labels(
    role: str, labels: np.ndarray, names: Sequence[str], where: str, is_recorded: bool
) -> np.ndarray:
    """Return the position of each label among the names of the classes, int32.

    Raises:
        RequestError: a label is not among the names.
    """
    positions = {name: number for number, name in enumerate(names)}
    unique, inverse = np.unique(labels, return_inverse=True)
    texts = [str(label) for label in unique.tolist()]
    unknown = [text for text in texts if text not in positions]
    if unknown:
        shown = ", ".join(unknown[:_SHOWN]) + (", …" if len(unknown) > _SHOWN else "")
        is_number = unknown[0].lstrip("-").isdigit()  # 12 is not a misspelt 2
        nearest = [] if is_number else near(unknown[0], list(names))
        hint = f" (did you mean {nearest[0]}?)" if nearest else ""
        if is_recorded:
            what = f"{role} has the classes {shown}{hint}, which are not in data.class_names"
            raise RequestError(Problem(where, f"{what}; remove them, or set it to null"))
        what = f"{role} has the classes {shown}{hint}, of which train has no example"
        raise RequestError(Problem(where, f"{what}; add some to train, or remove them"))
    table = np.array([positions[text] for text in texts], np.int32)
    return table[inverse.reshape(-1)]
