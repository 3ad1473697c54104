r"""Feedback alignment: the error that reaches a unit, times the slope of its activation.

@article{lillicrap2016random,
  title = {Random synaptic feedback weights support error backpropagation for deep learning},
  author = {Lillicrap, Timothy P. and Cownden, Daniel and Tweed, Douglas B. and
    Akerman, Colin J.},
  journal = {Nature Communications}, volume = {7}, pages = {13276}, year = {2016}
}
@inproceedings{nokland2016direct,
  title = {Direct feedback alignment provides learning in deep neural networks},
  author = {N{\o}kland, Arild},
  booktitle = {Advances in Neural Information Processing Systems}, volume = {29}, year = {2016}
}
"""

from jaxtyping import Array, Float

from darnax.activations import Activation, Tanh
from darnax.rules.interface import ThreeFactorRule, require_third_factor


class FeedbackAlignment(ThreeFactorRule):
    """`e = t · ρ'(h)`: the error t that arrives by feedback, where the unit responds to its field.

    With fixed random feedback from the error of the readout to every layer it is direct feedback
    alignment; with feedback that is the transpose of the forward weights, backpropagation.

    Args:
        activation: ρ of the receiving layer; default `Tanh`.

    Example:
        >>> import jax.numpy as jnp
        >>> from darnax.activations import ReLU
        >>> y, h, t = jnp.zeros((1, 2)), jnp.array([[2.0, -1.0]]), jnp.array([[0.5, 0.5]])
        >>> FeedbackAlignment(ReLU()).signal(y, h, t).tolist()
        [[0.5, 0.0]]
    """

    activation: Activation

    def __init__(self, activation: Activation | None = None) -> None:
        self.activation = Tanh() if activation is None else activation

    def signal(
        self,
        y: Float[Array, "batch *size"],
        h: Float[Array, "batch *size"],
        t: Float[Array, "batch *size"] | None = None,
    ) -> Float[Array, "batch *size"]:
        third = require_third_factor(t, self, y, h)
        return third * self.activation.derivative(h)
