"""Oja's rule: Hebbian learning that forgets in proportion to the weight.

@article{oja1982simplified,
  title = {A simplified neuron model as a principal component analyzer},
  author = {Oja, Erkki}, journal = {Journal of Mathematical Biology},
  volume = {15}, pages = {267--273}, year = {1982}
}
"""

from jaxtyping import Array, Float

from darnax.rules.interface import Rule
from darnax.shapes import require_equal


class Oja(Rule):
    """`e = y` with the forgetting `d = y²`: `ΔW ∝ x ⊗ y − W · y²`.

    For a linear unit W converges to the first principal component, with length 1.

    Example:
        >>> import jax.numpy as jnp
        >>> y = jnp.array([[2.0, -1.0]])
        >>> Oja().signal(y, y).tolist(), Oja().forgetting(y, y).tolist()
        ([[2.0, -1.0]], [[4.0, 1.0]])
    """

    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        require_equal(y=y, h=h)
        return y

    def forgetting(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        require_equal(y=y, h=h)
        return y**2
