"""The delta rule: learn until the field equals the state.

@inproceedings{widrow1960adaptive,
  title = {Adaptive switching circuits},
  author = {Widrow, Bernard and Hoff, Marcian E.}, booktitle = {IRE WESCON Convention Record},
  volume = {4}, pages = {96--104}, year = {1960}
}
@article{diederich1987learning,
  title = {Learning of correlated patterns in spin-glass networks by local learning rules},
  author = {Diederich, Sigurd and Opper, Manfred}, journal = {Physical Review Letters},
  volume = {58}, pages = {949--952}, year = {1987}
}
"""

from jaxtyping import Array, Float

from darnax.rules.interface import Rule
from darnax.shapes import require_equal


class Delta(Rule):
    """`e = y − h`: learn until the field equals the state.

    In a network that stores linearly independent patterns it converges to the pseudo-inverse.

    Example:
        >>> import jax.numpy as jnp
        >>> Delta().signal(jnp.array([[1.0, -1.0]]), jnp.array([[0.25, 1.0]])).tolist()
        [[0.75, -2.0]]
    """

    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        require_equal(y=y, h=h)
        return y - h
