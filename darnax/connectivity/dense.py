"""Dense weights: every unit is an input of every unit."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from darnax.connectivity.interface import FULL, Connectivity, normalise
from darnax.shapes import Size, as_size, require_buffers, require_shape


class Dense(Connectivity):
    """A weight `(pre, post)`; buffers of any size are read and written as vectors.

    Args:
        pre, post: sizes of the sending and of the receiving buffer.
        hollow: no unit is an input of itself: the diagonal is zero and stays so. Needs equal sizes.
    """

    pre: Size = eqx.field(static=True, converter=as_size)
    post: Size = eqx.field(static=True, converter=as_size)
    hollow: bool = eqx.field(static=True, default=False)

    @property
    def fan_in(self) -> int:
        return math.prod(self.pre)

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the weight."""
        return (math.prod(self.pre), math.prod(self.post))

    def init(self, key: Key[Array, ""]) -> Float[Array, "pre post"]:
        weight = jax.random.normal(key, self.shape)
        return self._zero_self_synapses(weight / math.sqrt(self.fan_in))

    def message(
        self, weight: Float[Array, "pre post"], x: Float[Array, "batch *pre"]
    ) -> Float[Array, "batch *post"]:
        require_shape("the weight", weight, self.shape)
        require_buffers(x=(x, self.pre))
        batch = x.shape[0]
        field = jnp.matmul(x.reshape(batch, -1), weight, precision=FULL)
        return field.reshape(batch, *self.post)

    def correlate(
        self, x: Float[Array, "batch *pre"], e: Float[Array, "batch *post"]
    ) -> Float[Array, "pre post"]:
        require_buffers(x=(x, self.pre), e=(e, self.post))
        batch = x.shape[0]
        total = jnp.matmul(x.reshape(batch, -1).T, e.reshape(batch, -1), precision=FULL)
        return self._zero_self_synapses(normalise(total, batch, self.fan_in))

    def _zero_self_synapses(self, weight: Float[Array, "pre post"]) -> Float[Array, "pre post"]:
        if not self.hollow:
            return weight
        # `where` instead of a scatter: the compiler fuses it with the operations before and after
        # into one pass over the matrix.
        return jnp.where(jnp.eye(len(weight), dtype=bool), 0.0, weight)
