"""What a state is: buffers by key, and three ways to make a new state from an old one."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, PyTree

Size = tuple[int, ...]


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
        """Return a state for the batch of `x`: input `x`, output `y` if given, zeros everywhere else."""

    @abstractmethod
    def replace(self, value: PyTree) -> Self:
        """Return a state with all its buffers replaced by those of `value`, one per buffer, in order."""

    @abstractmethod
    def replace_val(self, idx: Any, value: Array) -> Self:
        """Return a state with only the buffer at `idx` replaced by `value`."""


def checked_sizes(sizes: Sequence[Sequence[int]]) -> tuple[Size, ...]:
    """Return `sizes` as tuples of ints; raise ValueError unless there are an input, an output, and only positive lengths."""
    result = tuple(tuple(int(length) for length in size) for size in sizes)
    if len(result) < 2:
        raise ValueError(f"a state has at least two buffers, the input and the output; came sizes={sizes!r}")
    if any(length < 1 for size in result for length in size):
        raise ValueError(f"every length of a buffer is positive; came sizes={sizes!r}")
    return result


def require_shape(what: str, value: Array, expected: Size) -> None:
    """Raise ValueError, with both shapes, unless `value` has the shape `expected`."""
    if value.shape != expected:
        raise ValueError(f"{what} has shape {expected}, but what came has shape {value.shape}")


def checked_buffers(value: PyTree, sizes: tuple[Size, ...], dtype: Any) -> list[Array]:
    """Return `value` as one array per buffer, with the sizes and dtype of the state and one common batch."""
    buffers = [jnp.asarray(buffer, dtype) for buffer in value]
    if len(buffers) != len(sizes):
        raise ValueError(f"the state has {len(sizes)} buffers, but {len(buffers)} came")
    batch = buffers[0].shape[: buffers[0].ndim - len(sizes[0])]
    for index, (buffer, size) in enumerate(zip(buffers, sizes, strict=True)):
        require_shape(f"buffer {index}", buffer, (*batch, *size))
    return buffers
