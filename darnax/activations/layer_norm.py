"""Layer normalisation: fields of mean 0 and variance 1 in each group.

@article{ba2016layer,
  title = {Layer normalization},
  author = {Ba, Jimmy Lei and Kiros, Jamie Ryan and Hinton, Geoffrey E.},
  journal = {arXiv preprint arXiv:1607.06450}, year = {2016}
}
"""

from typing import Annotated

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from darnax.activations.interface import Activation
from darnax.activations.linear import Linear
from darnax.ranges import NOT_NEGATIVE


class LayerNorm(Activation):
    """`ρ(h) = f((h − m)/σ)` with the mean m and `σ = √(variance + epsilon)` over the last axis.

    The slope is `f'((h − m)/σ) / σ`: mean and variance count as given.

    Args:
        activation: f; default `Linear`.
        epsilon: keeps equal fields finite; one number.

    Raises:
        ValueError: a negative epsilon.

    Example:
        >>> import jax.numpy as jnp
        >>> LayerNorm(epsilon=0.0)(jnp.array([[1.0, 3.0], [0.0, 8.0]])).tolist()
        [[-1.0, 1.0], [-1.0, 1.0]]
    """

    activation: Activation
    epsilon: Array

    def __init__(
        self,
        activation: Activation | None = None,
        epsilon: Annotated[ArrayLike, NOT_NEGATIVE] = 1e-5,
    ) -> None:
        NOT_NEGATIVE.require("epsilon", epsilon)
        self.activation = Linear() if activation is None else activation
        self.epsilon = jnp.asarray(epsilon, jnp.float32)

    def __call__(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        normalised, _ = self._normalise(h)
        return self.activation(normalised)

    def derivative(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        normalised, deviation = self._normalise(h)
        return self.activation.derivative(normalised) / deviation

    def _normalise(self, h: Array) -> tuple[Array, Array]:
        """Return the normalised fields, and σ in their shape."""
        mean = jnp.mean(h, axis=-1, keepdims=True)
        deviation = jnp.sqrt(jnp.var(h, axis=-1, keepdims=True) + self.epsilon)
        deviation = jnp.broadcast_to(deviation, h.shape)
        return (h - jnp.broadcast_to(mean, h.shape)) / deviation, deviation
