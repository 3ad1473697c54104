"""Checks of shapes; shapes are known while JAX traces, so that nothing of a check is left in the compiled program."""

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
    """Return the size of a buffer given as a number of units or as a size.

    Raises:
        ValueError: a length that is no integer, or below 1.

    Example:
        >>> as_size(100), as_size([28, 28])
        ((100,), (28, 28))
    """
    try:
        size = tuple(
            map(operator.index, features if isinstance(features, Iterable) else (features,))
        )
    except TypeError:
        size = (0,)
    if any(length < 1 for length in size):
        raise ValueError(
            f"got the size {features!r}, expected positive integers, such as 100 or (28, 28)"
        )
    return size


def require_shape(what: str, value: Any, expected: Size) -> None:
    """Raise ValueError, with both shapes, unless `value` has the shape `expected`."""
    if np.shape(value) != expected:
        raise ValueError(f"{what}: got shape {np.shape(value)}, expected {expected}")


def require_buffers(**buffers: tuple[Any, Pattern]) -> None:
    """Raise ValueError unless every array is a batch of its size, and all are of one batch.

    Args:
        buffers: by the name of the array, the array and its size without the batch axis.
    """
    for name, (value, size) in buffers.items():
        shape = np.shape(value)
        lengths = zip(shape[1:], size, strict=False)
        if len(shape) != len(size) + 1 or any(want not in (None, got) for got, want in lengths):
            expected = ", ".join(["batch", *("any" if n is None else str(n) for n in size)])
            remedy = f"; for one sample write {name}[None]" if shape == size else ""
            raise ValueError(f"{name}: got shape {shape}, expected ({expected}){remedy}")
    batches = {name: np.shape(value)[0] for name, (value, _) in buffers.items()}
    if len(set(batches.values())) > 1:
        told = ", ".join(f"{batch} for {name}" for name, batch in batches.items())
        raise ValueError(f"got batches of {told}; expected one and the same")


def require_equal(**arrays: Any) -> None:
    """Raise ValueError unless all arrays have one shape."""
    shapes = [np.shape(value) for value in arrays.values()]
    if len(set(shapes)) > 1:
        told = ", ".join(f"{shape} for {name}" for name, shape in zip(arrays, shapes, strict=True))
        raise ValueError(f"got shapes {told}; expected one and the same")


def require_messages(h: PyTree, size: Size | None = None) -> None:
    """Raise ValueError unless `h` holds messages of one shape, to a buffer of this size if that is known."""
    messages = jax.tree.leaves(h)
    if not messages:
        raise ValueError("got no message to reduce, expected one at least")
    named = {f"message {index}": message for index, message in enumerate(messages)}
    require_equal(**named)
    if size is not None:
        require_buffers(message=(messages[0], size))


def require_per_unit(what: str, value: Any, size: Size) -> None:
    """Raise ValueError unless `value` is one number, or one per unit; for an image also one per channel."""
    allowed = list(dict.fromkeys([(), size, *([size[-1:]] if len(size) == 3 else [])]))
    if np.shape(value) not in allowed:
        told = " or ".join(map(str, allowed))
        raise ValueError(
            f"{what}: got shape {np.shape(value)}, expected {told}: one number, or one for each unit"
        )


def per_unit(what: str, value: Array, x: Array) -> Array:
    """Return `value`, one number or one for each unit, in the shape of `x`, a batch of such units."""
    require_per_unit(what, value, x.shape[1:])
    return jnp.broadcast_to(value, x.shape)
