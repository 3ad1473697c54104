"""Arrays of inputs and targets as examples, checked."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from darnax.data.reader import Arrays
from darnax.errors import Problem, RequestError
from darnax.local_data.examples import Examples
from darnax.local_data.targets import convert_targets
from darnax.printing import count_of

ROLES = ("train", "test", "validation")


def examples_from_arrays(
    name: str,
    pairs: Mapping[str, tuple[Any, Any]],
    *,
    kind: str | None = None,
    class_names: Sequence[str] | None = None,
    where: str = "data.path",
) -> Examples:
    """Return examples of arrays.

    Inputs of 8 bits stay as they are, all others become float32; see `convert_targets` for targets.

    Args:
        name: of the data, for messages.
        pairs: split -> inputs (n, *raw) and targets (n,) or (n, *size); `train`, and others.
        kind: `classes`, `patterns` or `values`; None: judged by the targets.
        class_names: of an existing run; None: those of train.
        where: the setting that messages name.

    Raises:
        RequestError: naming everything that does not fit.
    """
    inputs, problems = {}, []
    for role, (x, y) in pairs.items():
        try:
            inputs[role] = as_inputs(role, np.asarray(x), len(np.atleast_1d(y)), where)
        except ValueError as error:
            problems.append(Problem(where, f"inputs of {role}: {error}"))
        except RequestError as error:
            problems += error.problems
    if problems:
        raise RequestError(*problems)
    shapes = {array.shape[1:]: role for role, array in inputs.items()}
    if len(shapes) > 1:
        found = ", ".join(f"{list(shape)} in {role}" for shape, role in shapes.items())
        raise RequestError(Problem(where, f"got inputs of shape {found}, expected one shape"))
    targets = convert_targets(
        {role: np.asarray(y) for role, (_, y) in pairs.items()}, kind, class_names, where
    )
    splits = {role: Arrays(inputs[role], targets.splits[role]) for role in pairs}
    return Examples(name, splits, targets.class_names)


def as_inputs(role: str, inputs: np.ndarray, targets: int, where: str) -> np.ndarray:
    """Return inputs as uint8 or float32, (n, *raw)."""
    if inputs.ndim < 1 or inputs.dtype.kind not in "biuf":
        what = f"the inputs of {role} are {inputs.dtype}, expected numbers (n, …)"
        raise RequestError(Problem(where, what))
    if len(inputs) != targets or not targets:
        numbers = f"{count_of(len(inputs), 'input')} and {count_of(targets, 'target')}"
        what = f"{role} has {numbers}, expected as many, 1 or more"
        raise RequestError(Problem(where, what))
    if not inputs[0].size:
        what = f"the inputs of {role} have shape {list(inputs.shape[1:])}, expected no empty axis"
        raise RequestError(Problem(where, what))
    if inputs.dtype.kind == "f" and not np.isfinite(inputs).all():
        flat = inputs.reshape(len(inputs), -1)
        bad = np.flatnonzero(~np.isfinite(flat).all(axis=1))
        some = f"got NaN or infinite numbers in {count_of(len(bad), 'input')} of {role}"
        what = f"{some} (the first is {bad[0]})"
        raise RequestError(Problem(where, f"{what}; replace or remove them"))
    if inputs.ndim == 1:
        inputs = inputs[:, None]
    if inputs.dtype == np.uint8:
        return inputs
    with np.errstate(over="ignore"):
        converted = inputs.astype(np.float32)
    if not np.isfinite(converted).all():
        what = f"the inputs of {role} contain numbers that are too large for float32; rescale them"
        raise RequestError(Problem(where, what))
    return converted


def pairs_from_tuple(data: Any) -> dict[str, tuple[Any, Any]]:
    """Return split -> (inputs, targets) of what Python code gave as `data`.

    Args:
        data: `(x, y)`, `(x_train, y_train, x_test, y_test)`, the same with `x_validation,
            y_validation` behind, or a mapping with such names.

    Raises:
        RequestError: it is none of these.

    Example:
        >>> list(pairs_from_tuple(([1.0], [0], [2.0], [0])))
        ['train', 'test']
    """
    if isinstance(data, Mapping):
        return pairs_from_names(data, "data")
    if isinstance(data, tuple | list) and len(data) in (2, 4, 6):
        parts = [_as_array(part) for part in data]
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return dict(zip(ROLES, pairs, strict=False))
    got = count_of(len(data), "part") if isinstance(data, tuple | list) else type(data).__name__
    what = "expected (x, y), (x_train, y_train, x_test, y_test), or a mapping with such names"
    raise RequestError(Problem("data", f"got {got}, {what}"))


def _as_array(part: Any) -> np.ndarray:
    try:
        return np.asarray(part)
    except Exception as error:  # objects of other packages may raise anything
        what = f"got {type(part).__name__}, expected an array"
        raise RequestError(Problem("data", what)) from error


NAMES = {
    "train": "train",
    "test": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "": "train",
}
EXPECTED = "x_train, y_train, x_test, y_test (and x_val, y_val), or x and y"


def pairs_from_names(arrays: Mapping[str, Any], where: str) -> dict[str, tuple[Any, Any]]:
    """Return split -> (inputs, targets) of arrays called x_train, y_train, …, or x and y.

    Raises:
        RequestError: naming arrays with other names, and those that are missing.
    """
    found: dict[tuple[str, str], Any] = {}
    unknown = []
    for name, array in arrays.items():
        kind, _, role = str(name).lower().partition("_")
        key = (NAMES.get(role, ""), kind)
        if kind not in ("x", "y") or role not in NAMES or key in found:
            unknown.append(str(name))
        found[key] = array
    if unknown:
        what = f"got arrays called {', '.join(unknown[:10])}, expected {EXPECTED}"
        raise RequestError(Problem(where, what))
    roles = [role for role in ROLES if (role, "x") in found or (role, "y") in found]
    missing = []
    for role in roles:
        missing += [f"{kind}_{role}" for kind in "xy" if (role, kind) not in found]
    if "train" not in roles:
        missing = ["x_train", "y_train", *missing]
    if missing:
        lacking = " and no ".join(missing)
        raise RequestError(Problem(where, f"there is no {lacking}, expected {EXPECTED}"))
    return {role: (found[role, "x"], found[role, "y"]) for role in roles}
