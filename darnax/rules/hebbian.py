"""Hebb's rule: the update is the product of pre- and post-synaptic activity.

@book{hebb1949organization,
  title = {The organization of behavior: a neuropsychological theory},
  author = {Hebb, Donald O.}, publisher = {Wiley}, year = {1949}
}
"""

from jaxtyping import Array, Float

from darnax.activations import Activation
from darnax.rules.interface import Rule
from darnax.shapes import require_equal


class Hebbian(Rule):
    """`e = ρ(y)`: every synapse changes by the product of its two activities, whatever the field.

    Args:
        activation: ρ; None is the state y itself.

    Example:
        >>> import jax.numpy as jnp
        >>> y, h = jnp.array([[1.0, -1.0]]), jnp.zeros((1, 2))
        >>> Hebbian().signal(y, h).tolist()
        [[1.0, -1.0]]
        >>> from darnax.activations import ReLU
        >>> Hebbian(ReLU()).signal(y, h).tolist()
        [[1.0, 0.0]]
    """

    activation: Activation | None = None

    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        require_equal(y=y, h=h)
        del h
        return y if self.activation is None else self.activation(y)
