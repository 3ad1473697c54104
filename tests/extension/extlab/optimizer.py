"""An optimiser and a schedule, in terms of Optax."""

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike


def sign_descent(learning_rate: float) -> optax.GradientTransformation:
    """Steps of one size: `−rate · sign(update)`."""
    signs = optax.stateless(lambda updates, _: jax.tree.map(jnp.sign, updates))
    return optax.chain(signs, optax.scale_by_learning_rate(learning_rate))


def inverse_time(start: ArrayLike, half_after: int) -> optax.Schedule:
    """`start / (1 + step / half_after)`: half of `start` after so many steps."""
    return lambda step: start / (1 + step / half_after)
