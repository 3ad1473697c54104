"""How many inputs a unit has, and with which scale."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from darnax.shapes import Size, require_per_unit


def in_degree(sparsity: float, pre: int) -> int:
    """Return how many of `pre` inputs a unit keeps; raise ValueError unless 0 ≤ sparsity < 1."""
    if not 0 <= sparsity < 1:
        raise ValueError(
            f"sparsity: got {sparsity}, expected a fraction of absent synapses in [0, 1)"
        )
    return round((1 - sparsity) * pre)


def per_receiver(strength: ArrayLike, post: Size) -> Array:
    """Return a scale for weights whose last axis is the receiving units.

    One number, or a vector of one for each unit.

    Raises:
        ValueError: `strength` is neither one number nor one for each unit.
    """
    scale = jnp.asarray(strength, jnp.float32)
    require_per_unit("strength", scale, post)
    return jnp.broadcast_to(scale, post).reshape(-1) if scale.ndim else scale


def scaled(weight: Array, scale: Array) -> Array:
    """Return a weight times what `per_receiver` returned."""
    return (jnp.broadcast_to(scale, weight.shape) if scale.ndim else scale) * weight


def require_alone(**others: object) -> None:
    """Raise ValueError where an argument is given that a connectivity takes the place of."""
    given = [name for name, value in others.items() if value is not None]
    if given:
        what = " and ".join(given)
        raise ValueError(f"got {what} together with a connectivity; give one or the other")
