"""The relaxation rule: unstable units learn in proportion to their distance from the margin.

@article{anlauf1989adatron,
  title = {The {AdaTron}: an adaptive perceptron algorithm},
  author = {Anlauf, Joachim K. and Biehl, Michael}, journal = {Europhysics Letters},
  volume = {10}, number = {7}, pages = {687--692}, year = {1989}
}
@article{motzkin1954relaxation,
  title = {The relaxation method for linear inequalities},
  author = {Motzkin, Theodore S. and Schoenberg, Isaac J.},
  journal = {Canadian Journal of Mathematics}, volume = {6}, pages = {393--404}, year = {1954}
}
"""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from darnax.rules.interface import Rule
from darnax.shapes import per_unit, require_equal


class Adatron(Rule):
    """`e = y · max(0, margin − y·h)`: a perceptron step of the length that is left to the margin.

    It converges to the margin instead of oscillating around it; stable units do not learn, as with
    the perceptron.

    Args:
        margin: κ, in units of the field; one number, or one per unit.

    Example:
        >>> import jax.numpy as jnp
        >>> y, h = jnp.array([[1.0, 1.0, -1.0]]), jnp.array([[0.5, 2.0, 1.0]])
        >>> Adatron(margin=1.0).signal(y, h).tolist()
        [[0.5, 0.0, -2.0]]
    """

    margin: Array

    def __init__(self, margin: ArrayLike = 1.0) -> None:
        self.margin = jnp.asarray(margin, jnp.float32)

    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        require_equal(y=y, h=h)
        return y * jnp.maximum(per_unit("margin", self.margin, h) - y * h, 0)
