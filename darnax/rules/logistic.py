"""A smooth perceptron rule: the less stable a unit is, the more it learns, and never nothing.

@article{cox1958regression,
  title = {The regression analysis of binary sequences},
  author = {Cox, David R.}, journal = {Journal of the Royal Statistical Society: Series B},
  volume = {20}, number = {2}, pages = {215--242}, year = {1958}
}
"""

from typing import Annotated

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from darnax.ranges import POSITIVE
from darnax.rules.interface import Rule
from darnax.shapes import per_unit, require_equal


class Logistic(Rule):
    """`e = y · σ(β (margin − y·h))` with `σ(u) = 1/(1 + exp(−u))`.

    The perceptron rule is its limit of large β.

    Args:
        margin: κ, where e is half of y, in units of the field; one number, or one per unit.
        steepness: β, one number.

    Raises:
        ValueError: a steepness that is not positive.

    Example:
        >>> import jax.numpy as jnp
        >>> Logistic(margin=1.0).signal(jnp.array([[1.0, -1.0]]), jnp.array([[1.0, -1.0]])).tolist()
        [[0.5, -0.5]]
    """

    margin: Array
    steepness: Array

    def __init__(
        self, margin: ArrayLike = 0.0, steepness: Annotated[ArrayLike, POSITIVE] = 1.0
    ) -> None:
        POSITIVE.require("steepness", steepness)
        self.margin = jnp.asarray(margin, jnp.float32)
        self.steepness = jnp.asarray(steepness, jnp.float32)

    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        require_equal(y=y, h=h)
        missing = per_unit("margin", self.margin, h) - y * h
        return y * jax.nn.sigmoid(per_unit("steepness", self.steepness, h) * missing)
