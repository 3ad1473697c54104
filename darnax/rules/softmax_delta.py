"""The delta rule for a readout over classes: the residual of cross-entropy, without a gradient.

@inproceedings{bridle1990probabilistic,
  title = {Probabilistic interpretation of feedforward classification network outputs,
           with relationships to statistical pattern recognition},
  author = {Bridle, John S.}, booktitle = {Neurocomputing}, pages = {227--236},
  publisher = {Springer}, year = {1990}
}
"""

import jax
from jaxtyping import Array, Float

from darnax.rules.interface import Rule
from darnax.shapes import require_equal


class SoftmaxDelta(Rule):
    """`e = 1[y > 0] − softmax(h)` over the last axis; for ±1 labels `(y + 1)/2 − softmax(h)`.

    Only the sign of a label is used, so that its code (±1, one-hot, rescaled for the feedback) does
    not matter.

    Example:
        >>> import jax.numpy as jnp
        >>> SoftmaxDelta().signal(jnp.array([[1.0, -1.0]]), jnp.zeros((1, 2))).tolist()
        [[0.5, -0.5]]
    """

    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        require_equal(y=y, h=h)
        return (y > 0).astype(h.dtype) - jax.nn.softmax(h, axis=-1)
