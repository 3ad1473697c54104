r"""Hebbian learning that forgets: Oja's rule, and SoftHebb, its form for units that compete.

@article{oja1982simplified,
  title = {A simplified neuron model as a principal component analyzer},
  author = {Oja, Erkki}, journal = {Journal of Mathematical Biology},
  volume = {15}, pages = {267--273}, year = {1982}
}
@article{moraitis2022softhebb,
  title = {{SoftHebb}: {Bayesian} inference in unsupervised {Hebbian} soft winner-take-all
           networks},
  author = {Moraitis, Timoleon and Toichkin, Dmitry and Journ{\'e}, Adrien and Chua, Yansong and
    Guo, Qinghai},
  journal = {Neuromorphic Computing and Engineering}, volume = {2}, number = {4},
  pages = {044017}, year = {2022}
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


class SoftHebb(Rule):
    """`e = y` with the forgetting `d = y·h`: `ΔW ∝ y (x − h W)`, for units with `Softmax` states.

    The weights of a unit converge to length 1, and to the direction of the mean of the inputs that
    it responds to.

    Example:
        >>> import jax.numpy as jnp
        >>> y, h = jnp.array([[0.75, 0.25]]), jnp.array([[2.0, 1.0]])
        >>> SoftHebb().forgetting(y, h).tolist()
        [[1.5, 0.25]]
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
        return y * h
