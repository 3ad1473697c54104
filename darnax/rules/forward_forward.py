"""Forward-Forward: raise the goodness of a layer for real examples, lower it for wrong ones.

@article{hinton2022forward,
  title = {The forward-forward algorithm: some preliminary investigations},
  author = {Hinton, Geoffrey}, journal = {arXiv preprint arXiv:2212.13345}, year = {2022}
}
"""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from darnax.rules.interface import ThreeFactorRule, require_third_factor
from darnax.shapes import per_unit


class ForwardForward(ThreeFactorRule):
    """`e = t · σ(t (threshold − G)) · y`, with the goodness `G = mean_i y_i²` over the last axis.

    `σ(u) = 1/(1 + exp(−u))`. t is +1 in a phase that shows the right label, −1 in one that shows a
    wrong one. For units `y = max(0, h)` it is half the gradient of `log σ(t (G − threshold))` in h,
    times the number of units.

    Args:
        threshold: of the goodness; one number.

    Example:
        >>> import jax.numpy as jnp
        >>> y, ones = jnp.array([[1.0, 0.0]]), jnp.ones((1, 2))
        >>> rule = ForwardForward(threshold=0.5)
        >>> rule.signal(y, y, ones).tolist(), rule.signal(y, y, -ones).tolist()
        ([[0.5, 0.0]], [[-0.5, -0.0]])
    """

    threshold: Array

    def __init__(self, threshold: ArrayLike = 2.0) -> None:
        self.threshold = jnp.asarray(threshold, jnp.float32)

    def signal(
        self,
        y: Float[Array, "batch *size"],
        h: Float[Array, "batch *size"],
        t: Float[Array, "batch *size"] | None = None,
    ) -> Float[Array, "batch *size"]:
        third = require_third_factor(t, self, y, h)
        goodness = jnp.mean(y**2, axis=-1, keepdims=True)
        missing = per_unit("threshold", self.threshold, y) - goodness
        return third * jax.nn.sigmoid(third * missing) * y
