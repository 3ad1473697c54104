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


def two_cosines(
    init_value: float, alpha: float, first_steps: int, then_steps: int, change_at: int
) -> optax.Schedule:
    """A cosine decay over `first_steps`, and from step `change_at` on one over `then_steps`."""
    first = optax.cosine_decay_schedule(init_value, first_steps, alpha)
    then = optax.cosine_decay_schedule(init_value, then_steps, alpha)
    return lambda step: jnp.where(step < change_at, first(step), then(step))
