"""What adapters with one plastic weight have in common."""

from typing import Self

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key, PyTree

from darnax.connectivity import Connectivity
from darnax.modules.interfaces import Adapter
from darnax.modules.plasticity import local_update, only_plastic, threshold_of
from darnax.rules import Rule


class Weighted(Adapter):
    """An adapter but for its constructor: the message is W, laid out by a connectivity, applied to the sender."""

    W: Array
    connectivity: Connectivity
    rule: Rule | None

    def connect(self, connectivity: Connectivity, strength: ArrayLike, rule: Rule | None, key: Key[Array, ""]) -> None:
        """Fill the fields, W with entries N(0, strength²/fan_in); for constructors."""
        self.W = jnp.asarray(strength, jnp.float32) * connectivity.init(key)
        self.connectivity = connectivity
        self.rule = rule

    @property
    def threshold(self) -> Array:
        """The margin of the perceptron rule."""
        return threshold_of(self.rule)

    def __call__(self, x: Float[Array, "batch *pre"], rng: Key[Array, ""] | None = None) -> Float[Array, "batch *post"]:
        del rng
        return self.connectivity.message(self.W, x)

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        return local_update(self, lambda m: m.W, x, y, y_hat)

    def plastic(self) -> PyTree[bool]:
        return only_plastic(self, lambda m: m.W)
