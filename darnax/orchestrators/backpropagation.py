"""Backpropagation through the forward messages of a network, as a baseline of local rules.

@article{rumelhart1986learning,
  title = {Learning representations by back-propagating errors},
  author = {Rumelhart, David E. and Hinton, Geoffrey E. and Williams, Ronald J.},
  journal = {Nature}, volume = {323}, pages = {533--536}, year = {1986}
}
"""

from collections.abc import Mapping
from typing import Literal, Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from darnax.orchestrators.interface import ThirdFactors
from darnax.orchestrators.sequential import SequentialOrchestrator
from darnax.rules import Delta, SoftmaxDelta
from darnax.states import State

LOSSES = {"cross_entropy": SoftmaxDelta(), "squared_error": Delta()}  # −∂loss/∂scores


class BackpropagationOrchestrator(SequentialOrchestrator):
    """Sequential order; updates are the gradient of a loss, and no local ones.

    The scores are those after one step with `messages: forward` from a blank state. Every update is
    `(1/√B) Σ_b ∂loss_b/∂W`, for the modules that learn; the rules of modules have no effect, except
    that one with `rule: null` is frozen. With `cross_entropy` the loss is that of the softmax of
    the scores, and a class is on where the label is above 0; with `squared_error` it is
    `½ Σ_i (y_i − h_i)²`.

    Units of ±1 have no gradient: choose activations with a slope, such as `ReLU`.

    Args:
        layer_map: the modules on the edges of the connection graph.
        loss: `cross_entropy` or `squared_error`.
    """

    loss: Literal["cross_entropy", "squared_error"] = eqx.field(
        static=True, default="cross_entropy"
    )

    def __check_init__(self) -> None:
        if self.loss not in LOSSES:
            raise ValueError(f"loss: got {self.loss!r}, expected one of {', '.join(LOSSES)}")

    def updates(
        self,
        state: State,
        fields: Mapping[int, Array],
        third_factors: ThirdFactors | None = None,
        targets: State | None = None,
    ) -> Self:
        """Return the gradient of the loss of this input and label, in the shape of the network.

        Raises:
            ValueError: there are targets, which a gradient has no use for.
        """
        del fields, third_factors
        if targets is not None:
            raise ValueError("got a target_state, expected none: the updates are gradients")
        numbers, structure = eqx.partition(self, eqx.is_inexact_array)

        def compute_scores(numbers: Self) -> Array:
            return forward_scores(eqx.combine(numbers, structure), state)

        scores, pull_back = jax.vjp(compute_scores, numbers)
        error = LOSSES[self.loss].signal(state[-1], scores)
        (gradient,) = pull_back(-error / jnp.sqrt(jnp.asarray(len(error), error.dtype)))
        return eqx.combine(gradient, jax.tree.map(jnp.zeros_like, self))


def forward_scores(network: SequentialOrchestrator, state: State) -> Array:
    """Return the field of the output after one forward step from a blank state with this input."""
    key = jax.random.key(0)  # layers and adapters of a forward pass draw no noise
    blank = state.init(state[0], state[-1])
    end, key = network.step(blank, key, "forward")
    return network.field(network.layer_map.output, end, key, "forward")
