"""Checks of shapes; they run while JAX traces, and leave nothing in the compiled program."""

import operator
from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

Size = tuple[int, ...]
Pattern = tuple[int | None, ...]  # a size in which None is any length


def as_size(features: int | Iterable[int]) -> Size:
    """Return the size of a buffer, given as a number of units or as a size.

    Raises:
        ValueError: a length is not an integer, or below 1.

    Example:
        >>> as_size(100), as_size([28, 28])
        ((100,), (28, 28))
    """
    lengths = features if isinstance(features, Iterable) else (features,)
    try:
        size = tuple(0 if isinstance(n, bool) else operator.index(n) for n in lengths)
    except TypeError:
        size = (0,)  # refused below
    if any(length < 1 for length in size):
        what = "expected positive integers, such as 100 or (28, 28)"
        raise ValueError(f"got the size {features!r}, {what}")
    return size


def require_count(what: str, value: Any) -> int:
    """Return a number of things; raise ValueError unless it is an integer from 0."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise ValueError(f"{what}: got {value!r}, expected an integer, 0 or more")
    return int(value)


def require_batch(name: str, value: Any) -> None:
    """Raise ValueError unless an array has a batch axis besides at least one other."""
    shape = np.shape(value)
    if len(shape) < 2:
        remedy = f"; for one sample write {name}[None]" if shape else ""
        raise ValueError(f"{name}: got shape {shape}, expected (batch, size){remedy}")


def require_shape(what: str, value: Any, expected: Size) -> None:
    """Raise ValueError, with both shapes, unless `value` has the shape `expected`."""
    if np.shape(value) != expected:
        raise ValueError(f"{what}: got shape {np.shape(value)}, expected {expected}")


def require_buffers(**buffers: tuple[Any, Pattern]) -> None:
    """Raise ValueError unless every array is a batch of its size, and all batches are equal.

    Args:
        buffers: by the name of the array, the array and its size without the batch axis.
    """
    for name, (value, size) in buffers.items():
        shape = np.shape(value)
        lengths = zip(shape[1:], size, strict=False)
        differs = any(want not in (None, got) for got, want in lengths)
        if differs or len(shape) != len(size) + 1:
            expected = ", ".join(["batch", *("any" if n is None else str(n) for n in size)])
            remedy = f"; for one sample write {name}[None]" if shape == size else ""
            raise ValueError(f"{name}: got shape {shape}, expected ({expected}){remedy}")
    batches = {name: np.shape(value)[0] for name, (value, _) in buffers.items()}
    if len(set(batches.values())) > 1:
        listed = ", ".join(f"{batch} for {name}" for name, batch in batches.items())
        raise ValueError(f"got batches of {listed}; expected one and the same")


def require_equal(**arrays: Any) -> None:
    """Raise ValueError unless all arrays have the same shape."""
    shapes = [np.shape(value) for value in arrays.values()]
    if len(set(shapes)) > 1:
        named = zip(arrays, shapes, strict=True)
        listed = ", ".join(f"{shape} for {name}" for name, shape in named)
        raise ValueError(f"got shapes {listed}; expected one and the same")


def require_messages(h: PyTree, size: Size | None = None) -> None:
    """Raise ValueError unless `h` contains messages of one shape, that of a buffer of `size`."""
    messages = jax.tree.leaves(h)
    if not messages:
        raise ValueError("got no message to reduce, expected one at least")
    named = {f"message {index}": message for index, message in enumerate(messages)}
    require_equal(**named)
    if size is not None:
        require_buffers(message=(messages[0], size))


def require_per_unit(what: str, value: Any, size: Size) -> None:
    """Raise ValueError unless `value` is one number, or one per unit; per channel for an image."""
    allowed = [(), size]
    if len(size) == 3:
        allowed.append(size[-1:])
    if np.shape(value) not in allowed:
        listed = " or ".join(map(str, dict.fromkeys(allowed)))
        expected = f"expected {listed}: one number, or one for each unit"
        raise ValueError(f"{what}: got shape {np.shape(value)}, {expected}")


def per_unit(what: str, value: Array, x: Array) -> Array:
    """Return `value`, one number or one per unit, broadcast to the shape of `x`, a batch."""
    require_per_unit(what, value, x.shape[1:])
    return jnp.broadcast_to(value, x.shape)
