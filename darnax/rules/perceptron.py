r"""The perceptron rule with a margin: only units that are not yet stable enough learn.

@article{rosenblatt1958perceptron,
  title = {The perceptron: a probabilistic model for information storage and organization in the
           brain},
  author = {Rosenblatt, Frank}, journal = {Psychological Review},
  volume = {65}, number = {6}, pages = {386--408}, year = {1958}
}
@article{krauth1987learning,
  title = {Learning algorithms with optimal stability in neural networks},
  author = {Krauth, Werner and M{\'e}zard, Marc}, journal = {Journal of Physics A},
  volume = {20}, pages = {L745--L752}, year = {1987}
}
"""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from darnax.rules.interface import Rule
from darnax.shapes import per_unit, require_equal


class Perceptron(Rule):
    """`e = y · 1[y·h ≤ margin]`: a unit learns its state while `y·h` is not above the margin.

    The field h is the whole field of the receiver, the self-coupling J_D·s included.

    Args:
        margin: κ, in units of the field; one number, or one per unit.

    Example:
        >>> import jax.numpy as jnp
        >>> y, h = jnp.array([[1.0, 1.0, -1.0]]), jnp.array([[0.5, 2.0, -0.5]])
        >>> Perceptron(margin=1.0).signal(y, h).tolist()
        [[1.0, 0.0, -1.0]]
    """

    margin: Array

    def __init__(self, margin: ArrayLike = 0.0) -> None:
        self.margin = jnp.asarray(margin, jnp.float32)

    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        require_equal(y=y, h=h)
        # `<=`, so that a unit with zero field learns at margin 0: otherwise weights that start at
        # zero would never change.
        unstable = y * h <= per_unit("margin", self.margin, h)
        return jnp.where(unstable, y, jnp.zeros_like(y))
