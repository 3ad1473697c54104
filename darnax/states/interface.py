"""What a state is: buffers by key, and three ways to make a new state from an old one."""

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

    A state is immutable: every method returns a new one. It is a pytree of arrays, so `jax.jit`, `jax.grad` and `jax.vmap` take
    and return states; sizes and dtype are static.
    """

    @abstractmethod
    def __getitem__(self, key: Any) -> Array:
        """Return the buffer at `key`, of shape `(B, *size)`."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of buffers."""

    @abstractmethod
    def init(self, x: Array, y: Array | None = None) -> Self:
        """Return a state for the batch of `x`: input `x`, output `y` if given, zeros everywhere else.

        Raises:
            ValueError: `x` or `y` is no batch of its buffer's size.
        """

    @abstractmethod
    def replace(self, value: PyTree) -> Self:
        """Return a state with all its buffers replaced by those of `value`, one per buffer, in order."""

    @abstractmethod
    def replace_val(self, idx: Any, value: Array) -> Self:
        """Return a state with only the buffer at `idx` replaced by `value`."""


def checked_sizes(sizes: Sequence[int | Sequence[int]]) -> tuple[Size, ...]:
    """Return `sizes` as tuples; raise ValueError unless there are an input, an output, and only positive integers."""
    result = tuple(map(as_size, sizes))
    if len(result) < 2:
        raise ValueError(
            f"got sizes={sizes!r}, expected those of at least two buffers, the input and the output"
        )
    return result


def checked_batch(x: Array, y: Array | None, sizes: tuple[Size, ...]) -> int:
    """Return the batch of `x`; raise ValueError unless `x`, and `y` if given, are batches of the first and last size."""
    answer = {} if y is None else {"y": (y, sizes[-1])}
    require_buffers(x=(x, sizes[0]), **answer)
    return x.shape[0]


def checked_buffers(value: PyTree, sizes: tuple[Size, ...], dtype: Any) -> list[Array]:
    """Return `value` as one array per buffer, with the sizes and dtype of the state and one common batch."""
    buffers = [jnp.asarray(buffer, dtype) for buffer in value]
    if len(buffers) != len(sizes):
        raise ValueError(
            f"got {count_of(len(buffers), 'buffer')}, expected the {len(sizes)} of the state"
        )
    batch = buffers[0].shape[: buffers[0].ndim - len(sizes[0])]
    for index, (buffer, size) in enumerate(zip(buffers, sizes, strict=True)):
        require_shape(f"buffer {index}", buffer, (*batch, *size))
    return buffers
