"""Units that take the label's pattern where they are least decided, as a control."""

from typing import Annotated

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key, PyTree

from darnax.connectivity import ConnectivityFactory
from darnax.modules.plasticity import RuleChoice
from darnax.modules.recurrent import RecurrentDiscrete, RecurrentUnits
from darnax.ranges import SHARE
from darnax.shapes import require_messages


class PrototypeUnits(RecurrentDiscrete):
    """Units of ±1 that do not relax under the label: a share of them copies the label's message.

    Without the message of the last sender the field h is the sum of all messages, as in
    `RecurrentDiscrete`. With it, p, the share of the units with the smallest `|h_i|` has the field
    `p_i` instead, so that one step writes `sign(p_i)` into the least decided units, and the sign of
    h into the others. It is a control for relaxation under the label: what is learned is then a
    prototype of the class, with no search for a fixed point.

    Args:
        features, j_d, threshold, rule, sparsity, connectivity, key: as in `RecurrentDiscrete`.
        share: of the units that copy the last message, from 0 to 1.
        senders: how many buffers send to this layer, without itself and the last one.

    Raises:
        ValueError: a share outside of 0 to 1, or what `RecurrentDiscrete` refuses.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> layer = PrototypeUnits(4, 0.0, share=0.5, key=jax.random.key(0))
        >>> h, own, label = jnp.array([[3.0, -0.1, 0.2, -2.0]]), jnp.zeros((1, 4)), jnp.ones((1, 4))
        >>> layer.activation(layer.reduce([h, own, label])).tolist()
        [[1.0, 1.0, 1.0, -1.0]]
    """

    share: Array
    senders: int = eqx.field(static=True)

    def __init__(
        self,
        features: int | tuple[int, ...],
        j_d: ArrayLike,
        threshold: ArrayLike | None = None,
        *,
        share: Annotated[ArrayLike, SHARE] = 0.5,
        senders: int = 1,
        rule: RuleChoice = ...,
        sparsity: float | None = None,
        connectivity: ConnectivityFactory | None = None,
        strength: ArrayLike = 1.0,
        key: Key[Array, ""],
    ) -> None:
        SHARE.require("share", share)
        RecurrentUnits.__init__(
            self,
            features,
            j_d,
            threshold,
            rule=rule,
            sparsity=sparsity,
            connectivity=connectivity,
            strength=strength,
            key=key,
        )
        self.share, self.senders = jnp.asarray(share, jnp.float32), senders

    @property
    def reads_by_place(self) -> bool:
        return True

    def reduce(self, h: PyTree[Float[Array, "batch *size"]]) -> Float[Array, "batch *size"]:
        require_messages(h, self.features)
        messages = jax.tree.leaves(h)
        if len(messages) <= self.senders + 1:
            return super().reduce(messages)
        *others, label = messages
        field = super().reduce(others)
        return jnp.where(self.find_undecided(field), label, field)

    def find_undecided(self, h: Float[Array, "batch *size"]) -> Array:
        """Return, for every example, which share of the units has the smallest `|h|`."""
        sizes = jnp.abs(h).reshape(len(h), -1)
        ranks = jnp.argsort(jnp.argsort(sizes, axis=1), axis=1)
        undecided = ranks < jnp.round(self.share * sizes.shape[1]).astype(ranks.dtype)
        return undecided.reshape(h.shape)
