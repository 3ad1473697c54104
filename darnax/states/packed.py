"""A state whose buffers are slices of one shared array."""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, Self

import equinox as eqx
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, PyTree

from darnax.shapes import Size, require_shape
from darnax.states.interface import (
    State,
    validate_batch,
    validate_buffers,
    validate_position,
    validate_sizes,
)


class PackedState(State):
    """All buffers side by side in one array `(B, units)`; buffer l is a reshaped slice of it.

    It has the interface of `SequentialState` and gives bit for bit the same results. One array
    suits a kernel over the whole network, or layers that read overlapping regions.

    Args:
        sizes: the size of every buffer without its batch axis, input first, output last; an integer
            is the size of a vector.
        dtype: of the shared array; values written to a buffer are cast to it.

    Raises:
        ValueError: fewer than two buffers, a length that is not a positive integer, or (from the
            methods) a value of another shape.
    """

    units: Array
    sizes: tuple[Size, ...] = eqx.field(static=True)
    dtype: Any = eqx.field(static=True)

    def __init__(
        self, sizes: Sequence[int | Sequence[int]], dtype: DTypeLike = jnp.float32
    ) -> None:
        self.sizes = validate_sizes(sizes)
        self.dtype = jnp.dtype(dtype)
        self.units = jnp.zeros((1, sum(map(math.prod, self.sizes))), self.dtype)

    def __getitem__(self, key: Any) -> Array:
        key = validate_position(key, self.sizes)
        return self.units[..., self._slice(key)].reshape(*self.units.shape[:-1], *self.sizes[key])

    def __len__(self) -> int:
        return len(self.sizes)

    def init(self, x: Array, y: Array | None = None) -> Self:
        batch = validate_batch(x, y, self.sizes)
        zeros = jnp.zeros((batch, self.units.shape[-1]), self.dtype)
        state = eqx.tree_at(lambda s: s.units, self, zeros).replace_val(0, x)
        return state if y is None else state.replace_val(-1, y)

    def replace(self, value: PyTree) -> Self:
        buffers = validate_buffers(value, self.sizes, self.dtype)
        flat = []
        for buffer, size in zip(buffers, self.sizes, strict=True):
            batch = buffer.shape[: buffer.ndim - len(size)]
            flat.append(buffer.reshape(*batch, -1))
        return eqx.tree_at(lambda s: s.units, self, jnp.concatenate(flat, axis=-1))

    def replace_val(self, idx: int, value: Array) -> Self:
        require_shape(f"buffer {idx}", value, (*self.units.shape[:-1], *self.sizes[idx]))
        flat = jnp.asarray(value, self.dtype).reshape(*self.units.shape[:-1], -1)
        return eqx.tree_at(lambda s: s.units, self, self.units.at[..., self._slice(idx)].set(flat))

    def _slice(self, key: int) -> slice:
        edges = list(accumulate(map(math.prod, self.sizes), initial=0))
        start, stop = list(pairwise(edges))[key]
        return slice(start, stop)
