"""Hebb's rule: the update is the product of pre- and post-synaptic activity.

@book{hebb1949organization,
  title = {The organization of behavior: a neuropsychological theory},
  author = {Hebb, Donald O.}, publisher = {Wiley}, year = {1949}
}
"""

from jaxtyping import Array, Float

from darnax.rules.interface import Rule
from darnax.shapes import require_equal


class Hebbian(Rule):
    """`e = y`: every synapse changes by the product of its two activities, whatever the field.

    Example:
        >>> import jax.numpy as jnp
        >>> Hebbian().signal(jnp.array([[1.0, -1.0]]), jnp.zeros((1, 2))).tolist()
        [[1.0, -1.0]]
    """

    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        require_equal(y=y, h=h)
        del h
        return y
