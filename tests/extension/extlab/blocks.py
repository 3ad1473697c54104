"""A connectivity: blocks of units, each with inputs from one block of the sender."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from darnax.connectivity import Connectivity, normalise
from darnax.shapes import Size, as_size, require_buffers, require_shape

FULL = jax.lax.Precision.HIGHEST


class BlockSparse(Connectivity):
    """A weight `(units of a sending block, post)`: block k receives from block `senders[k]` alone.

    Args:
        pre, post: sizes of the sending and of the receiving buffer.
        blocks: number of blocks; it divides both.
        hollow: no block receives from itself; otherwise the blocks are paired at random.
        key: draws the pairs.
    """

    senders: Int[Array, " blocks"]
    pre: Size = eqx.field(static=True)
    post: Size = eqx.field(static=True)

    def __init__(
        self,
        pre: int | Size,
        post: int | Size,
        blocks: int,
        hollow: bool = False,
        *,
        key: Key[Array, ""],
    ) -> None:
        self.pre, self.post = as_size(pre), as_size(post)
        units = math.prod(self.pre), math.prod(self.post)
        if blocks < 1 + hollow or any(count % blocks for count in units):
            least = 1 + hollow
            what = f"expected a divisor of {units[0]} and {units[1]}, {least} at least"
            raise ValueError(f"got {blocks} blocks, {what}")
        if hollow:
            shift = jax.random.randint(key, (), 1, blocks)
            self.senders = (jnp.arange(blocks) + shift) % blocks
        else:
            self.senders = jax.random.permutation(key, blocks)

    @property
    def fan_in(self) -> int:
        return math.prod(self.pre) // len(self.senders)

    @property
    def shape(self) -> tuple[int, int]:
        return (self.fan_in, math.prod(self.post))

    def init(self, key: Key[Array, ""]) -> Float[Array, "block post"]:
        return jax.random.normal(key, self.shape) / math.sqrt(self.fan_in)

    def message(
        self, weight: Float[Array, "block post"], x: Float[Array, "batch *pre"]
    ) -> Float[Array, "batch *post"]:
        require_shape("the weight", weight, self.shape)
        require_buffers(x=(x, self.pre))
        blocks = weight.reshape(self.fan_in, len(self.senders), -1)
        field = jnp.einsum("bkp,pkq->bkq", self._sent(x), blocks, precision=FULL)
        return field.reshape(len(x), *self.post)

    def correlate(
        self, x: Float[Array, "batch *pre"], e: Float[Array, "batch *post"]
    ) -> Float[Array, "block post"]:
        require_buffers(x=(x, self.pre), e=(e, self.post))
        signal = e.reshape(len(e), len(self.senders), -1)
        total = jnp.einsum("bkp,bkq->pkq", self._sent(x), signal, precision=FULL)
        return normalise(total.reshape(self.shape), len(x), self.fan_in)

    def _sent(self, x: Float[Array, "batch *pre"]) -> Float[Array, "batch blocks block"]:
        return x.reshape(len(x), len(self.senders), -1)[:, self.senders]
