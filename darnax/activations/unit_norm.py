"""Activities of length one, between the layers of the Forward-Forward algorithm.

@article{hinton2022forward,
  title = {The forward-forward algorithm: some preliminary investigations},
  author = {Hinton, Geoffrey}, journal = {arXiv preprint arXiv:2212.13345}, year = {2022}
}
"""

from typing import Annotated

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from darnax.activations.interface import Activation
from darnax.activations.linear import Linear
from darnax.ranges import NOT_NEGATIVE


class UnitNorm(Activation):
    """`ρ(h) = f(h) / (‖f(h)‖ + epsilon)`, with the Euclidean length over the last axis.

    The slope is `f'(h) / (‖f(h)‖ + epsilon)`: the length counts as given.

    Args:
        activation: f; default `Linear`.
        epsilon: keeps a vector of zeros at zero; one number.

    Raises:
        ValueError: a negative epsilon.

    Example:
        >>> import jax.numpy as jnp
        >>> UnitNorm(epsilon=0.0)(jnp.array([[0.0, -2.0]])).tolist()
        [[0.0, -1.0]]
    """

    activation: Activation
    epsilon: Array

    def __init__(
        self,
        activation: Activation | None = None,
        epsilon: Annotated[ArrayLike, NOT_NEGATIVE] = 1e-4,
    ) -> None:
        NOT_NEGATIVE.require("epsilon", epsilon)
        self.activation = Linear() if activation is None else activation
        self.epsilon = jnp.asarray(epsilon, jnp.float32)

    def __call__(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return self.activation(h) / self._length(h)

    def derivative(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return self.activation.derivative(h) / self._length(h)

    def _length(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        length = jnp.linalg.norm(self.activation(h), axis=-1, keepdims=True)
        return jnp.broadcast_to(length + self.epsilon, h.shape)
