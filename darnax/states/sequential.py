"""A state that keeps one array per buffer."""

from collections.abc import Sequence
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


class SequentialState(State):
    """A left-to-right sequence of buffers, each an array `(B, *size)`; B is 1 until `init`.

    Args:
        sizes: the size of every buffer without its batch axis, input first, output last; an integer
            is the size of a vector.
        dtype: of every buffer; values written to a buffer are cast to it.

    Raises:
        ValueError: fewer than two buffers, a length that is not a positive integer, or (from the
            methods) a value of another shape.

    Example:
        >>> import jax.numpy as jnp
        >>> state = SequentialState(sizes=[(4,), (8,), (3,)]).init(jnp.ones((32, 4)))
        >>> state[0].shape, state[1].shape, state[-1].shape
        ((32, 4), (32, 8), (32, 3))
    """

    states: list[Array]
    sizes: tuple[Size, ...] = eqx.field(static=True)
    dtype: Any = eqx.field(static=True)

    def __init__(
        self, sizes: Sequence[int | Sequence[int]], dtype: DTypeLike = jnp.float32
    ) -> None:
        self.sizes = validate_sizes(sizes)
        self.dtype = jnp.dtype(dtype)
        self.states = [jnp.zeros((1, *size), self.dtype) for size in self.sizes]

    def __getitem__(self, key: Any) -> Array:
        return self.states[validate_position(key, self.sizes)]

    def __len__(self) -> int:
        return len(self.states)

    def init(self, x: Array, y: Array | None = None) -> Self:
        batch = validate_batch(x, y, self.sizes)
        zeros = [jnp.zeros((batch, *size), self.dtype) for size in self.sizes]
        state = self.replace(zeros).replace_val(0, x)
        return state if y is None else state.replace_val(-1, y)

    def replace(self, value: PyTree) -> Self:
        buffers = validate_buffers(value, self.sizes, self.dtype)
        return eqx.tree_at(lambda s: s.states, self, buffers)

    def replace_val(self, idx: int, value: Array) -> Self:
        require_shape(f"buffer {idx}", value, self.states[idx].shape)
        return eqx.tree_at(lambda s: s.states[idx], self, jnp.asarray(value, self.dtype))
