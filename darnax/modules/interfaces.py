"""The interfaces of modules: a message, and a local update in the shape of the module."""

import operator
from abc import abstractmethod
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree


class AbstractModule(eqx.Module):
    """An Equinox module that makes messages and may learn; either a `Layer` or an `Adapter`."""

    @property
    @abstractmethod
    def has_state(self) -> bool:
        """Whether the module owns a buffer."""

    @abstractmethod
    def __call__(
        self, x: Float[Array, "batch *pre"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *post"]:
        """Return the message, given the buffer `x`; the key is for modules that draw noise."""

    @abstractmethod
    def backward(
        self,
        x: Float[Array, "batch *pre"],
        y: Float[Array, "batch *post"],
        y_hat: Float[Array, "batch *post"],
    ) -> Self:
        """Return −ΔW for every plastic array, in the shape of the module, and zeros elsewhere.

        Args:
            x: the buffer that the module's message is made of.
            y: the buffer of the receiver.
            y_hat: the field of the receiver.

        Raises:
            ValueError: an array does not have the module's size, or they differ in their batch.
        """

    def plastic(self) -> PyTree[bool]:
        """Return the module with every array replaced by whether it may change in training.

        By default all floating arrays may. The others are never passed to an optimiser, so that
        weight decay does not change them either.
        """
        return jax.tree.map(eqx.is_inexact_array, self)


class Layer(AbstractModule):
    """A module that owns a buffer: its call is the message to itself."""

    @property
    def has_state(self) -> bool:
        return True

    @property
    def reads_by_place(self) -> bool:
        """Whether `reduce` distinguishes messages by the order of their senders.

        A message of a sender before this layer that a phase does not send is then 0, so that the
        others keep their positions.
        """
        return False

    @abstractmethod
    def activation(self, x: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        """Return the state, given the field `x`."""

    def next_state(
        self, s: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        """Return the state that follows `s` in one step, given the field `h`.

        By default it is the activation of the field, whatever the state was.
        """
        del s
        return self.activation(h)

    @abstractmethod
    def reduce(self, h: PyTree[Float[Array, "batch *size"]]) -> Float[Array, "batch *size"]:
        """Return the field, given the messages `h`, a pytree of arrays."""


class Adapter(AbstractModule):
    """A module without a buffer: its call turns one buffer into a message for another layer."""

    @property
    def has_state(self) -> bool:
        return False


def sum_messages(h: PyTree[Float[Array, "batch *size"]]) -> Float[Array, "batch *size"]:
    """Return the field that is the sum of all messages, for `Layer.reduce`."""
    return jnp.asarray(jax.tree.reduce(operator.add, h))
