"""A gate on an edge: another layout, with every message multiplied by a number or a mask."""

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from darnax.connectivity.construction import ConnectivityFactory, make_connectivity
from darnax.connectivity.dense import Dense
from darnax.connectivity.interface import Connectivity
from darnax.shapes import Size, as_size, per_unit, require_per_unit


class Gated(Connectivity):
    """The layout `inner` with its message multiplied by a gate: `m_i = g_i Σ_j W_ji x_j`.

    The signal of the update is multiplied by the gate as well, `ΔW ∝ x_j g_i e_i`, so that synapses
    behind a closed gate, of 0, do not learn. The gate itself does not learn.

    Args:
        pre, post: sizes of the sending and of the receiving buffer.
        gate: g; one number, or one per unit of the receiving buffer, such as a mask of 0 and 1.
        inner: makes the layout that is gated, as for the argument `connectivity` of a module.
        hollow: no unit is an input of itself.
        key: of layouts that are drawn.

    Raises:
        ValueError: a gate of another size, or an inner layout that does not fit the two buffers.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> edge = Gated(2, 2, gate=jnp.array([1.0, 0.0]), key=jax.random.key(0))
        >>> edge.message(jnp.ones((2, 2)), jnp.ones((1, 2))).tolist()
        [[2.0, 0.0]]
    """

    inner: Connectivity
    gate: Array
    post: Size = eqx.field(static=True)

    def __init__(
        self,
        pre: int | Size,
        post: int | Size,
        gate: ArrayLike,
        inner: ConnectivityFactory = Dense,
        hollow: bool = False,
        *,
        key: Key[Array, ""],
    ) -> None:
        self.post = as_size(post)
        require_per_unit("gate", gate, self.post)
        self.gate = jnp.asarray(gate, jnp.float32)
        self.inner = make_connectivity(
            inner, pre=as_size(pre), post=self.post, key=key, hollow=hollow
        )

    @property
    def fan_in(self) -> int:
        return self.inner.fan_in

    def init(self, key: Key[Array, ""]) -> Array:
        return self.inner.init(key)

    def message(self, weight: Array, x: Float[Array, "batch *pre"]) -> Float[Array, "batch *post"]:
        return self.through(self.inner.message(weight, x))

    def correlate(self, x: Float[Array, "batch *pre"], e: Float[Array, "batch *post"]) -> Array:
        return self.inner.correlate(x, self.through(e))

    def forget(
        self, weight: Array, x: Float[Array, "batch *pre"], d: Float[Array, "batch *post"]
    ) -> Array:
        return self.inner.forget(weight, x, self.through(d))

    def preferred_layout(self, x: Float[Array, "batch *pre"]) -> Float[Array, "batch *pre"]:
        return self.inner.preferred_layout(x)

    def through(self, receiving: Float[Array, "batch *post"]) -> Float[Array, "batch *post"]:
        """Return the values of a receiving buffer times the gate."""
        return receiving * per_unit("gate", self.gate, receiving)
