"""An adapter whose message does not depend on what is sent."""

from typing import Self

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key, PyTree

from darnax.modules.interfaces import Adapter
from darnax.modules.plasticity import mask_nothing, no_update
from darnax.shapes import Size, as_size, per_unit, require_buffers, require_per_unit


class Constant(Adapter):
    """The message is `value`, whatever the sender's state: a bias, or a third factor of a phase.

    With a gain of +1 and −1 in two phases it tells a rule which of them it is in.

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
    in_features: Size = eqx.field(static=True)
    out_features: Size = eqx.field(static=True)

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

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        pre, post = self.in_features, self.out_features
        require_buffers(x=(x, pre), y=(y, post), y_hat=(y_hat, post))
        return no_update(self)

    def plastic(self) -> PyTree[bool]:
        return mask_nothing(self)
