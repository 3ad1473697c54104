"""The interface of connectivities: draw a weight, multiply by it, compute its local update."""

import math
from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

# The precision of every product: by default GPUs and TPUs round the factors to 10 bits or fewer.
FULL = jax.lax.Precision.HIGHEST


class Connectivity(eqx.Module):
    """The layout of one weight, apart from its values; a module keeps the values, as an array.

    `message` is linear in the weight, and `correlate` is its adjoint, divided by √(B·fan_in).
    Synapses that do not exist have neither an entry nor an update.

    A subclass defines `fan_in`, `init`, `message` and `correlate`. To be the `connectivity` of a
    module, its constructor has parameters named `pre` and `post`, the sizes of the two buffers, and
    where it needs them `key`, for a layout that is drawn, and `hollow`, whether to leave out the
    synapse of each unit with itself, which recurrent layers ask for. The module fills these in; all
    other parameters are the user's.
    """

    @property
    @abstractmethod
    def fan_in(self) -> int:
        """The number of synapses of one receiving unit."""

    @abstractmethod
    def init(self, key: Key[Array, ""]) -> Array:
        """Draw a weight with independent entries N(0, 1/fan_in).

        Its last axis is that of the receiving units (or channels), so that a `strength` of one
        number for each of them multiplies it.
        """

    @abstractmethod
    def message(self, weight: Array, x: Float[Array, "batch *pre"]) -> Float[Array, "batch *post"]:
        """Return the field that `x` makes through `weight`: `m_i = Σ_j W_ji x_j`.

        Raises:
            ValueError: `weight` or `x` does not have the shape that the layout asks for.
        """

    @abstractmethod
    def correlate(self, x: Float[Array, "batch *pre"], e: Float[Array, "batch *post"]) -> Array:
        """Return `ΔW = (1/√(B·fan_in)) Σ_b x_b ⊗ e_b`, laid out as the weight is.

        Raises:
            ValueError: `x` or `e` does not have the shape that the layout asks for, or they differ
                in their batch.
        """

    def forget(
        self, weight: Array, x: Float[Array, "batch *pre"], d: Float[Array, "batch *post"]
    ) -> Array:
        """Return `(1/√(B·fan_in)) Σ_b W_ji d_i`, what a rule that forgets takes from the weight.

        Where the positions of an image share weights, their rates are summed. A layout whose last
        axis is that of the units, or of the channels, needs no product with `x`.

        Args:
            weight: laid out as `init` draws it.
            x: the buffer of the sender, of which only the shape is used.
            d: the rate of forgetting of every receiving unit.
        """
        if weight.shape[-1] in (math.prod(d.shape[1:]), d.shape[-1]):  # units, or channels
            total = d.reshape(-1, weight.shape[-1]).sum(axis=0)
            spread = jnp.broadcast_to(total, weight.shape)
            return normalise(weight * spread, len(d), self.fan_in)
        return weight * self.correlate(jnp.ones_like(x), d)

    def preferred_layout(self, x: Float[Array, "batch *pre"]) -> Float[Array, "batch *pre"]:
        """Return `x` in the memory layout that `message` reads fastest; by default `x` itself."""
        return x


def normalise(total: Array, batch: int, fan_in: int) -> Array:
    """Return `total / √(B·fan_in)`, the scale of every local update."""
    return total / jnp.sqrt(jnp.asarray(batch * fan_in, total.dtype))
