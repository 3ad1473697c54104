"""Sizes and scales of weights, from the arguments of a module's constructor."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from darnax.shapes import Size, as_size, require_per_unit

Image = tuple[int, int, int]


def require_image(what: str, features: Size) -> Image:
    """Return the size of an image; raise ValueError for a buffer of other dimensions."""
    size = as_size(features)
    if len(size) != 3:
        raise ValueError(f"{what}: got {features!r}, expected the size (H, W, C) of an image")
    height, width, channels = size
    return height, width, channels


def in_degree(sparsity: float, pre: int) -> int:
    """Return how many of `pre` inputs a unit keeps; raise ValueError unless 0 ≤ sparsity < 1."""
    if not 0 <= sparsity < 1:
        what = "expected a fraction of absent synapses in [0, 1)"
        raise ValueError(f"sparsity: got {sparsity}, {what}")
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


def scale_weight(weight: Array, scale: Array) -> Array:
    """Return a weight times what `per_receiver` returned."""
    if scale.ndim:  # an explicit broadcast: the tests forbid implicit promotion of ranks
        scale = jnp.broadcast_to(scale, weight.shape)
    return scale * weight


def require_alone(**others: object) -> None:
    """Raise ValueError if an argument is given that a `connectivity` replaces."""
    given = [name for name, value in others.items() if value is not None]
    if given:
        what = " and ".join(given)
        raise ValueError(f"got {what} together with a connectivity; give one or the other")
