r"""The sign, the activation of units of ±1.

@article{bengio2013estimating,
  title = {Estimating or propagating gradients through stochastic neurons for conditional
           computation},
  author = {Bengio, Yoshua and L{\'e}onard, Nicholas and Courville, Aaron},
  journal = {arXiv preprint arXiv:1308.3432}, year = {2013}
}
"""

from typing import Annotated

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from darnax.activations.interface import Activation
from darnax.ranges import NOT_NEGATIVE
from darnax.shapes import per_unit


class Sign(Activation):
    """`ρ(h) = sign(h)`, ties to +1.

    The sign is flat, so that its derivative is a surrogate (straight-through): `1[|h| ≤ width]`.

    Args:
        width: of the surrogate, in units of the field; one number, or one per unit.

    Raises:
        ValueError: a negative width.

    Example:
        >>> import jax.numpy as jnp
        >>> h = jnp.array([[-2.0, 0.0, 0.5]])
        >>> Sign()(h).tolist(), Sign(width=1.0).derivative(h).tolist()
        ([[-1.0, 1.0, 1.0]], [[0.0, 1.0, 1.0]])
    """

    width: Array

    def __init__(self, width: Annotated[ArrayLike, NOT_NEGATIVE] = 1.0) -> None:
        NOT_NEGATIVE.require("width", width)
        self.width = jnp.asarray(width, jnp.float32)

    def __call__(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return sign(h)

    def derivative(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return (jnp.abs(h) <= per_unit("width", self.width, h)).astype(h.dtype)


def sign(h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
    """Return ±1, ties to +1."""
    # `jnp.sign` is 0 at a tie, which is not a state of a unit.
    return jnp.where(h >= 0, 1, -1).astype(h.dtype)
