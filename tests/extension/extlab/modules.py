"""An adapter and a layer, with weights that learn by any rule on any connectivity."""

from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from darnax.connectivity import ConnectivityFactory, Dense, make_connectivity
from darnax.modules import Recurrent, RuleChoice, Weighted, choose_rule, per_receiver
from darnax.shapes import as_size


class Rectified(Weighted):
    """The message is `W max(x, floor)`; W learns from the rectified x."""

    floor: float = eqx.field(static=True)

    def __init__(
        self,
        in_features: int | tuple[int, ...],
        out_features: int | tuple[int, ...],
        floor: float = 0.0,
        strength: ArrayLike = 1.0,
        *,
        rule: RuleChoice = ...,
        connectivity: ConnectivityFactory = Dense,
        key: Key[Array, ""],
    ) -> None:
        pre, post = as_size(in_features), as_size(out_features)
        layout, values = jax.random.split(key)
        made = make_connectivity(connectivity, pre=pre, post=post, key=layout)
        chosen, scale = choose_rule(rule, None, post), per_receiver(strength, post)
        super().__init__(pre, post, made, chosen, scale, key=values)
        self.floor = floor

    def __call__(
        self, x: Float[Array, "batch *pre"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *post"]:
        return super().__call__(jnp.maximum(x, self.floor), rng)

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        return super().backward(jnp.maximum(x, self.floor), y, y_hat)


class ThreeState(Recurrent):
    """Units of −1, 0 and +1: `s ← sign(h)` where `|h| > width`, and 0 elsewhere."""

    width: Array

    def __init__(
        self,
        features: int | tuple[int, ...],
        width: ArrayLike,
        j_d: ArrayLike = 0.5,
        *,
        rule: RuleChoice = ...,
        connectivity: ConnectivityFactory = Dense,
        key: Key[Array, ""],
    ) -> None:
        size = as_size(features)
        layout, values = jax.random.split(key)
        made = make_connectivity(connectivity, pre=size, post=size, key=layout, hollow=True)
        super().__init__(size, made, j_d, choose_rule(rule, None, size), key=values)
        self.width = jnp.asarray(width, jnp.float32)

    def activation(self, x: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        return jnp.where(jnp.abs(x) > self.width, jnp.sign(x), 0.0)
