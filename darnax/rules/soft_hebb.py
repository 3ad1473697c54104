r"""SoftHebb: Hebbian learning that forgets, for units that compete.

@article{moraitis2022softhebb,
  title = {{SoftHebb}: {Bayesian} inference in unsupervised {Hebbian} soft winner-take-all
           networks},
  author = {Moraitis, Timoleon and Toichkin, Dmitry and Journ{\'e}, Adrien and Chua, Yansong and
    Guo, Qinghai},
  journal = {Neuromorphic Computing and Engineering}, volume = {2}, number = {4},
  pages = {044017}, year = {2022}
}
"""

from typing import Annotated

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from darnax.activations import Softmax
from darnax.ranges import POSITIVE
from darnax.rules.interface import Rule
from darnax.shapes import require_equal


class SoftHebb(Rule):
    """`e = p` with the forgetting `d = p·h`, and `p = softmax(h/temperature)`: `ΔW ∝ p (x − h W)`.

    Units compete for each input over the last axis. The weights of a unit converge to length 1 and
    the direction of the mean of the inputs that it wins. States may be another function of h.

    Args:
        temperature: of the softmax; one number.

    Raises:
        ValueError: a temperature that is not positive.

    Example:
        >>> import jax.numpy as jnp
        >>> h = jnp.array([[2.0, 2.0]])
        >>> SoftHebb().signal(h, h).tolist(), SoftHebb().forgetting(h, h).tolist()
        ([[0.5, 0.5]], [[1.0, 1.0]])
    """

    temperature: Array

    def __init__(self, temperature: Annotated[ArrayLike, POSITIVE] = 1.0) -> None:
        POSITIVE.require("temperature", temperature)
        self.temperature = jnp.asarray(temperature, jnp.float32)

    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        require_equal(y=y, h=h)
        return Softmax(self.temperature)(h)

    def forgetting(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        return self.signal(y, h) * h
