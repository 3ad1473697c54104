r"""Units of predictive coding: each value is predicted from below, and explains what is above.

@article{rao1999predictive,
  title = {Predictive coding in the visual cortex: a functional interpretation of some
           extra-classical receptive-field effects},
  author = {Rao, Rajesh P. N. and Ballard, Dana H.}, journal = {Nature Neuroscience},
  volume = {2}, pages = {79--87}, year = {1999}
}
@article{whittington2017approximation,
  title = {An approximation of the error backpropagation algorithm in a predictive coding network
           with local {Hebbian} synaptic plasticity},
  author = {Whittington, James C. R. and Bogacz, Rafal}, journal = {Neural Computation},
  volume = {29}, number = {5}, pages = {1229--1262}, year = {2017}
}
"""

import operator
from functools import reduce
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key, PyTree

from darnax.activations import Activation, Tanh
from darnax.modules.interfaces import Layer
from darnax.modules.plasticity import mask_nothing, no_update
from darnax.printing import count_of
from darnax.shapes import (
    Size,
    as_size,
    per_unit,
    require_buffers,
    require_messages,
    require_per_unit,
)


class ValueUnits(Layer):
    """Values that move down the energy of errors: `s ← s + rate (own + ρ'(s) · feedback)`.

    `own` is the message from one buffer before this one: the error `ε = s − W ρ(s_before)` of these
    values, with a strength of −1. `feedback` is the sum of the messages from the buffers after it,
    `Wᵀ ε_after` for the values that these predict through `W ρ(s)`, by an adapter with ρ as its
    `presynaptic`. The errors are `ErrorUnits(Delta())`. The field is then minus the gradient of
    `½ Σ |ε|²` in s, and where the errors are not sent back, one step with a rate of 1 sets the
    values to their prediction.

    Their message to themselves is the slope ρ'(s).

    Args:
        features: number of units, or the size of a buffer of several dimensions.
        activation: ρ; default `Tanh`.
        rate: of a step; one number, or one per unit.

    Raises:
        ValueError: a rate of another size, or no message from a buffer before this one.

    Example:
        >>> import jax.numpy as jnp
        >>> from darnax.activations import ReLU
        >>> units, s = ValueUnits(2, ReLU(), rate=0.5), jnp.array([[1.0, -1.0]])
        >>> own, feedback = jnp.array([[-1.0, -1.0]]), jnp.array([[4.0, 4.0]])
        >>> field = units.reduce([own, units(s), feedback])
        >>> field.tolist(), units.next_state(s, field).tolist()
        ([[3.0, -1.0]], [[2.5, -1.5]])
    """

    rho: Activation
    rate: Array
    features: Size = eqx.field(static=True)

    def __init__(
        self,
        features: int | tuple[int, ...],
        activation: Activation | None = None,
        rate: ArrayLike = 1.0,
    ) -> None:
        self.features = as_size(features)
        require_per_unit("rate", rate, self.features)
        self.rho = Tanh() if activation is None else activation
        self.rate = jnp.asarray(rate, jnp.float32)

    @property
    def reads_by_place(self) -> bool:
        return True

    def __call__(
        self, x: Float[Array, "batch *size"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *size"]:
        del rng
        require_buffers(x=(x, self.features))
        return self.rho.derivative(x)

    def reduce(self, h: PyTree[Float[Array, "batch *size"]]) -> Float[Array, "batch *size"]:
        require_messages(h, self.features)
        messages = jax.tree.leaves(h)
        if len(messages) < 2:
            what = "expected two at least: the error of these values from a buffer before them"
            raise ValueError(f"got {count_of(len(messages), 'message')}, {what}")
        # Messages are in the order of their senders: the error from a buffer before this one, the
        # message of this layer to itself, the feedback from buffers after it.
        own, slope, *feedback = messages
        return own + slope * reduce(operator.add, feedback) if feedback else own

    def activation(self, x: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        """Return the state after one step from 0."""
        require_buffers(x=(x, self.features))
        return self.next_state(jnp.zeros_like(x), x)

    def next_state(
        self, s: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        require_buffers(s=(s, self.features), h=(h, self.features))
        return s + per_unit("rate", self.rate, s) * h

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        require_buffers(x=(x, self.features), y=(y, self.features), y_hat=(y_hat, self.features))
        return no_update(self)

    def plastic(self) -> PyTree[bool]:
        return mask_nothing(self)
