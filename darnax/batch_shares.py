"""Random numbers of the examples of a batch, the same however many devices share it."""

from collections.abc import Callable

import jax
from jaxtyping import Array


def draw_for_batch(draw: Callable[[int], Array], examples: int, axis: str | None = None) -> Array:
    """Return what `draw` draws for a number of examples, or the part of this device.

    Args:
        draw: number of examples -> random numbers, the examples on the first axis.
        examples: number of those of this device.
        axis: name of the mesh axis whose devices share the batch in equal consecutive parts.
    """
    if axis is None:
        return draw(examples)
    whole = draw(examples * jax.lax.axis_size(axis))
    return jax.lax.dynamic_slice_in_dim(whole, jax.lax.axis_index(axis) * examples, examples)
