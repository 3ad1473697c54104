"""Units that hold what is wrong with the answer, to be sent back to whom it may concern.

@article{kolen1994backpropagation,
  title = {Backpropagation without weight transport},
  author = {Kolen, John F. and Pollack, Jordan B.}, journal = {IEEE International Conference on Neural Networks},
  volume = {3}, pages = {1375--1380}, year = {1994}
}
"""

from typing import Self

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree

from darnax.modules.interfaces import Layer
from darnax.modules.plasticity import no_update, nothing_plastic
from darnax.rules import Rule, SoftmaxDelta
from darnax.shapes import require_equal, require_messages


class ErrorUnits(Layer):
    """The state is `e = rule.signal(y, h)`: of scores h that a buffer before this one sends, and the answer y from after it.

    While no answer is shown, nothing is wrong: e = 0. With Hebb's rule `ΔW ∝ x ⊗ e`, the adapter that sends scores learns by
    `rule`, and one that takes e back to their sender learns its transpose, each from its own two ends.

    Args:
        rule: of the answer, as a readout would learn it; default `SoftmaxDelta`.

    Raises:
        ValueError: when it hears from more than two buffers.

    Example:
        >>> import jax.numpy as jnp
        >>> scores, own, answer = jnp.zeros((1, 2)), jnp.zeros((1, 2)), jnp.array([[1.0, -1.0]])
        >>> ErrorUnits().reduce([scores, own, answer]).tolist(), ErrorUnits().reduce([scores, own]).tolist()
        ([[0.5, -0.5]], [[0.0, 0.0]])
    """

    rule: Rule

    def __init__(self, rule: Rule | None = None) -> None:
        self.rule = SoftmaxDelta() if rule is None else rule

    def activation(self, x: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return x

    def __call__(
        self, x: Float[Array, "batch *size"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *size"]:
        del rng
        return jnp.zeros_like(x)

    def reduce(self, h: PyTree[Float[Array, "batch *size"]]) -> Float[Array, "batch *size"]:
        require_messages(h)
        scores, _, *answer = jax.tree.leaves(
            h
        )  # by sender; between them its own message, which says nothing
        if len(answer) > 1:
            what = "expected two: scores from one buffer and the answer from another"
            raise ValueError(f"got messages from {len(answer) + 1} buffers, {what}")
        return self.rule.signal(answer[0], scores) if answer else jnp.zeros_like(scores)

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        require_equal(x=x, y=y, y_hat=y_hat)
        return no_update(self)

    def plastic(self) -> PyTree[bool]:
        return nothing_plastic(self)
