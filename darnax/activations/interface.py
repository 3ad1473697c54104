"""The interface of activations: the state of units from their field, and its slope."""

from abc import abstractmethod

import equinox as eqx
from jaxtyping import Array, Float


class Activation(eqx.Module):
    """A function ρ from the field of a layer to its state, in the shape of the field.

    Most act on each unit by itself; some on each group of units, the last axis of the buffer.
    """

    @abstractmethod
    def __call__(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        """Return ρ(h).

        Raises:
            ValueError: the activation is not defined for a buffer of this size.
        """

    @abstractmethod
    def derivative(self, h: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        """Return the slope of each unit's state in its own field, `∂ρ_i/∂h_i`.

        Where that is zero or not defined, the class says which surrogate this is instead.
        """
