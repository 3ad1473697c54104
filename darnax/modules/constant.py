"""An adapter whose message does not depend on what is sent."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from darnax.modules.fixed import FixedAdapter
from darnax.shapes import as_size, per_unit, require_buffers, require_per_unit


class Constant(FixedAdapter):
    """The message is `value`, whatever the sender's state: a bias, or a third factor of a phase.

    As a third factor with a gain of +1 in one phase and −1 in another, it gives a rule their signs.

    Args:
        in_features, out_features: number of units, or size, of the sending and of the receiving
            buffer.
        value: one number, or one per receiving unit.

    Raises:
        ValueError: a value that is neither one number nor one for each unit.

    Example:
        >>> import jax.numpy as jnp
        >>> Constant(3, 2, value=0.5)(jnp.ones((1, 3))).tolist()
        [[0.5, 0.5]]
    """

    value: Array

    def __init__(
        self,
        in_features: int | tuple[int, ...],
        out_features: int | tuple[int, ...],
        value: ArrayLike = 1.0,
    ) -> None:
        self.in_features, self.out_features = as_size(in_features), as_size(out_features)
        require_per_unit("value", value, self.out_features)
        self.value = jnp.asarray(value, jnp.float32)

    def __call__(
        self, x: Float[Array, "batch *pre"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *post"]:
        del rng
        require_buffers(x=(x, self.in_features))
        ones = jnp.ones((len(x), *self.out_features), x.dtype)
        return ones * per_unit("value", self.value, ones)
