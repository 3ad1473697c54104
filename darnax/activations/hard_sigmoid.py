"""The identity between 0 and 1, the activation of equilibrium propagation.

@article{scellier2017equilibrium,
  title = {Equilibrium propagation: bridging the gap between energy-based models and
           backpropagation},
  author = {Scellier, Benjamin and Bengio, Yoshua},
  journal = {Frontiers in Computational Neuroscience}, volume = {11}, pages = {24}, year = {2017}
}
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from darnax.activations.interface import Activation


class HardSigmoid(Activation):
    """`ρ(h) = clip(h, 0, 1)`, with the slope `1[0 ≤ h ≤ 1]`.

    Both ends count as inside, so that a unit at 0 or 1 can still be driven back.

    Example:
        >>> import jax.numpy as jnp
        >>> h = jnp.array([[-0.5, 0.0, 0.25, 2.0]])
        >>> HardSigmoid()(h).tolist(), HardSigmoid().derivative(h).tolist()
        ([[0.0, 0.0, 0.25, 1.0]], [[0.0, 1.0, 1.0, 0.0]])
    """

    def __call__(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return jnp.clip(h, 0, 1)

    def derivative(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return ((h >= 0) & (h <= 1)).astype(h.dtype)
