"""Error units: their state is the error of a readout, which adapters send back to other layers.

@article{kolen1994backpropagation,
  title = {Backpropagation without weight transport},
  author = {Kolen, John F. and Pollack, Jordan B.},
  journal = {IEEE International Conference on Neural Networks},
  volume = {3}, pages = {1375--1380}, year = {1994}
}
"""

import operator
from functools import reduce
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree

from darnax.modules.interfaces import Layer
from darnax.modules.plasticity import mask_nothing, no_update
from darnax.printing import count_of
from darnax.rules import Rule, SoftmaxDelta
from darnax.shapes import require_equal, require_messages


class ErrorUnits(Layer):
    """The state is the error `e = rule.signal(y, h)` of scores h, given the label y.

    The scores come from a buffer before this one, or are the sum of those from several, the label
    from a buffer after it. Without a label the state is 0.

    Adapters from and to this layer may learn by Hebb's rule, `ΔW ∝ x ⊗ e`: then the one that sends
    the scores learns as a readout does by `rule`, and the one that sends e back to the same buffer
    learns the transposed weight (Kolen-Pollack). Each update uses the two buffers of its own edge.

    Args:
        rule: gives the error; default `SoftmaxDelta`.
        senders: the number of buffers from which scores come.

    Raises:
        ValueError: this layer receives messages from another number of buffers before or after it.

    Example:
        >>> import jax.numpy as jnp
        >>> scores, own, answer = jnp.zeros((1, 2)), jnp.zeros((1, 2)), jnp.array([[1.0, -1.0]])
        >>> ErrorUnits().reduce([scores, own, answer]).tolist()
        [[0.5, -0.5]]
        >>> ErrorUnits().reduce([scores, own]).tolist()
        [[0.0, 0.0]]
    """

    rule: Rule
    senders: int = eqx.field(static=True)

    def __init__(self, rule: Rule | None = None, senders: int = 1) -> None:
        if senders < 1:
            raise ValueError(f"senders: got {senders}, expected a positive integer")
        self.rule = SoftmaxDelta() if rule is None else rule
        self.senders = senders

    @property
    def reads_by_place(self) -> bool:
        return True

    def activation(self, x: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return x

    def __call__(
        self, x: Float[Array, "batch *size"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *size"]:
        del rng
        return jnp.zeros_like(x)

    def reduce(self, h: PyTree[Float[Array, "batch *size"]]) -> Float[Array, "batch *size"]:
        require_messages(h)
        # Messages are in the order of their senders: scores from the buffers before this one, the
        # message of this layer to itself (zero), the label from a buffer after it.
        messages = jax.tree.leaves(h)
        scores, label = messages[: self.senders], messages[self.senders + 1 :]
        if len(messages) <= self.senders or len(label) > 1:
            got = f"got messages from {count_of(len(messages) - 1, 'buffer')}"
            expected = f"scores from {count_of(self.senders, 'buffer')} and the answer from another"
            what = "senders is the number of those that send scores"
            raise ValueError(f"{got}, expected {expected}; {what}")
        total = reduce(operator.add, scores)
        if not label:
            return jnp.zeros_like(total)
        return self.rule.signal(label[0], total)

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        require_equal(x=x, y=y, y_hat=y_hat)
        return no_update(self)

    def plastic(self) -> PyTree[bool]:
        return mask_nothing(self)
