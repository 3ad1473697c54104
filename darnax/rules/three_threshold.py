"""The three-threshold rule: an attractor network learns from its field alone, at its capacity.

@article{alemi2015three,
  title = {A three-threshold learning rule approaches the maximal capacity of recurrent neural
           networks},
  author = {Alemi, Alireza and Baldassi, Carlo and Brunel, Nicolas and Zecchina, Riccardo},
  journal = {PLoS Computational Biology}, volume = {11}, number = {8}, pages = {e1004439},
  year = {2015}
}
"""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from darnax.rules.interface import Rule
from darnax.shapes import per_unit, require_equal


class ThreeThreshold(Rule):
    """`e = +1` for `middle < h < high`, `−1` for `low < h < middle`, and 0 elsewhere.

    A strong external input that carries the pattern moves the field of a unit far up or down; what
    the recurrent synapses contribute decides whether it passes the outer thresholds, where nothing
    is left to learn. The rule reads no state and no label.

    Args:
        low, middle, high: thresholds, in units of the field; one number, or one per unit.

    Example:
        >>> import jax.numpy as jnp
        >>> h = jnp.array([[-3.0, -1.0, 1.0, 3.0]])
        >>> ThreeThreshold(low=-2.0, high=2.0).signal(h, h).tolist()
        [[0.0, -1.0, 1.0, 0.0]]
    """

    low: Array
    middle: Array
    high: Array

    def __init__(
        self, low: ArrayLike = -1.0, middle: ArrayLike = 0.0, high: ArrayLike = 1.0
    ) -> None:
        self.low = jnp.asarray(low, jnp.float32)
        self.middle = jnp.asarray(middle, jnp.float32)
        self.high = jnp.asarray(high, jnp.float32)

    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        require_equal(y=y, h=h)
        low = per_unit("low", self.low, h)
        middle = per_unit("middle", self.middle, h)
        high = per_unit("high", self.high, h)
        up = (h > middle) & (h < high)
        down = (h > low) & (h < middle)
        return up.astype(h.dtype) - down.astype(h.dtype)
