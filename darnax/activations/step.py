"""Units of 0/1: the Heaviside step function.

@article{mcculloch1943logical,
  title = {A logical calculus of the ideas immanent in nervous activity},
  author = {McCulloch, Warren S. and Pitts, Walter},
  journal = {Bulletin of Mathematical Biophysics}, volume = {5}, pages = {115--133}, year = {1943}
}
"""

from typing import Annotated

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from darnax.activations.interface import Activation
from darnax.ranges import NOT_NEGATIVE
from darnax.shapes import per_unit


class Step(Activation):
    """`ρ(h) = 1[h ≥ 0]`, units of 0/1, ties to 1.

    With [`ZeroOne`][darnax.rules.ZeroOne] the rules of units of ±1 serve these. The true slope is 0
    almost everywhere; as a surrogate `derivative` returns `1[|h| ≤ width]`, a window.

    Args:
        width: half-width of the surrogate, in units of the field; one number, or one per unit.

    Raises:
        ValueError: a negative width.

    Example:
        >>> import jax.numpy as jnp
        >>> h = jnp.array([[-2.0, 0.0, 0.5]])
        >>> Step()(h).tolist(), Step(width=1.0).derivative(h).tolist()
        ([[0.0, 1.0, 1.0]], [[0.0, 1.0, 1.0]])
    """

    width: Array

    def __init__(self, width: Annotated[ArrayLike, NOT_NEGATIVE] = 1.0) -> None:
        NOT_NEGATIVE.require("width", width)
        self.width = jnp.asarray(width, jnp.float32)

    def __call__(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return (h >= 0).astype(h.dtype)

    def derivative(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return (jnp.abs(h) <= per_unit("width", self.width, h)).astype(h.dtype)
