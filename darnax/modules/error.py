"""Units that hold what is wrong with the answer, to be sent back to whom it may concern.

@article{kolen1994backpropagation,
  title = {Backpropagation without weight transport},
  author = {Kolen, John F. and Pollack, Jordan B.}, journal = {IEEE International Conference on Neural Networks},
  volume = {3}, pages = {1375--1380}, year = {1994}
}
"""

import operator
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree

from darnax.modules.interfaces import Layer
from darnax.modules.plasticity import no_update
from darnax.rules import Rule, SoftmaxDelta


class ErrorUnits(Layer):
    """The state is `e = rule.signal(y, h)`: of scores h that buffers before this one send, and the answer y that comes after.

    While no answer is shown, nothing is wrong: e = 0. With Hebb's rule `ΔW ∝ x ⊗ e`, an adapter that sends scores learns by
    `rule`, and one that takes e back to the scores' sender learns its transpose, each from its own two ends.

    Args:
        rule: of the answer, as a readout would learn it; default `SoftmaxDelta`.
        guesses: number of adapters that send scores.

    Example:
        >>> import jax.numpy as jnp
        >>> scores, own, answer = jnp.zeros((1, 2)), jnp.zeros((1, 2)), jnp.array([[1.0, -1.0]])
        >>> ErrorUnits().reduce([scores, own, answer]).tolist(), ErrorUnits().reduce([scores, own]).tolist()
        ([[0.5, -0.5]], [[0.0, 0.0]])
    """

    rule: Rule
    guesses: int = eqx.field(static=True)

    def __init__(self, rule: Rule | None = None, guesses: int = 1) -> None:
        self.rule, self.guesses = SoftmaxDelta() if rule is None else rule, guesses

    def activation(self, x: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return x

    def __call__(self, x: Float[Array, "batch *size"], rng: Key[Array, ""] | None = None) -> Float[Array, "batch *size"]:
        del rng
        return jnp.zeros_like(x)

    def reduce(self, h: PyTree[Float[Array, "batch *size"]]) -> Float[Array, "batch *size"]:
        messages = jax.tree.leaves(h)  # in the order of their senders; this layer's own, of zeros, parts scores and answer
        before, after = messages[: self.guesses + 1], messages[self.guesses + 1 :]
        scores = jax.tree.reduce(operator.add, before)
        return self.rule.signal(jax.tree.reduce(operator.add, after), scores) if after else jnp.zeros_like(scores)

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        del x, y, y_hat
        return no_update(self)
