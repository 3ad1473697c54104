"""The interface of a state: buffers by key, and three ways to make a new state from an old one."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from darnax.printing import count_of
from darnax.shapes import Size, as_size, require_buffers, require_shape


class State(eqx.Module):
    """The buffers of all layers; buffer 0 is the input, buffer -1 the output.

    A state is immutable: every method returns a new one. It is a pytree of arrays, so `jax.jit`,
    `jax.grad` and `jax.vmap` take and return states; sizes and dtype are static.
    """

    @abstractmethod
    def __getitem__(self, key: Any) -> Array:
        """Return the buffer at `key`, of shape `(B, *size)`."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of buffers."""

    @abstractmethod
    def init(self, x: Array, y: Array | None = None) -> Self:
        """Return a state for the batch of `x`: input `x`, output `y` if given, zeros elsewhere.

        Raises:
            ValueError: the shape of `x` or `y` is not that of a batch of its buffer.
        """

    @abstractmethod
    def replace(self, value: PyTree) -> Self:
        """Return a state with all buffers replaced by those of `value`, in order."""

    @abstractmethod
    def replace_val(self, idx: Any, value: Array) -> Self:
        """Return a state with only the buffer at `idx` replaced by `value`."""


def validate_sizes(sizes: Sequence[int | Sequence[int]]) -> tuple[Size, ...]:
    """Return `sizes` as tuples.

    Raises:
        ValueError: there are fewer than two, or a length is not a positive integer.
    """
    result = tuple(map(as_size, sizes))
    if len(result) < 2:
        expected = "expected those of at least two buffers, the input and the output"
        raise ValueError(f"got sizes={sizes!r}, {expected}")
    return result


def validate_position(key: Any, sizes: tuple[Size, ...]) -> Any:
    """Return the position of a buffer.

    Raises:
        TypeError: it is the name of a buffer; a state has no names.
    """
    if isinstance(key, str):
        what = f"got {key!r}, expected the position of a buffer"
        raise TypeError(f"{what}, 0 (input) to {len(sizes) - 1} (output)")
    return key


def validate_batch(x: Array, y: Array | None, sizes: tuple[Size, ...]) -> int:
    """Return the number of examples in `x`.

    Raises:
        ValueError: `x` is not a batch of the first size, or `y`, if given, not one of the last.
    """
    output = {} if y is None else {"y": (y, sizes[-1])}
    require_buffers(x=(x, sizes[0]), **output)
    return x.shape[0]


def validate_buffers(value: PyTree, sizes: tuple[Size, ...], dtype: Any) -> list[Array]:
    """Return `value` as one array of `dtype` per buffer.

    Raises:
        ValueError: the number of arrays, a size, or the batch of one of them differs.
    """
    buffers = [jnp.asarray(buffer, dtype) for buffer in value]
    if len(buffers) != len(sizes):
        got = count_of(len(buffers), "buffer")
        raise ValueError(f"got {got}, expected the {len(sizes)} of the state")
    batch = buffers[0].shape[: buffers[0].ndim - len(sizes[0])]
    for index, (buffer, size) in enumerate(zip(buffers, sizes, strict=True)):
        require_shape(f"buffer {index}", buffer, (*batch, *size))
    return buffers
