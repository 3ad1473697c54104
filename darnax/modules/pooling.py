"""Adapters between images of different height and width, channel by channel, without a weight."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from darnax.activations import sign
from darnax.modules.fixed import FixedAdapter
from darnax.modules.sizes import Image, require_image
from darnax.shapes import Size, per_unit, require_buffers, require_per_unit


class Resampling(FixedAdapter):
    """The message is λ times the image in the height and width of the receiver.

    The base of the adapters of this file; a subclass defines `resample`.

    Args:
        in_features, out_features: size `(H, W, C)` of the sending and of the receiving buffer,
            with the same channels. Each side of the larger image is a multiple of that of the
            smaller one.
        strength: λ; one number, or one per channel or unit of the receiver.

    Raises:
        ValueError: sizes that are not such images, or a strength of another size.
    """

    strength: Array
    in_features: Image = eqx.field(static=True)
    out_features: Image = eqx.field(static=True)

    def __init__(self, in_features: Size, out_features: Size, strength: ArrayLike = 1.0) -> None:
        self.in_features = require_image("in_features", in_features)
        self.out_features = require_image("out_features", out_features)
        require_per_unit("strength", strength, self.out_features)
        self.strength = jnp.asarray(strength, jnp.float32)
        large, small = self.large_and_small()
        if large[2] != small[2] or large[0] % small[0] or large[1] % small[1]:
            got = f"got images of size {large} and {small}"
            what = "the same channels, and a height and a width that divide those of the larger one"
            raise ValueError(f"{got}, expected {what}")

    def large_and_small(self) -> tuple[Image, Image]:
        """Return the sizes of the two images; a pool makes the second of the first."""
        return self.in_features, self.out_features

    @abstractmethod
    def resample(self, x: Float[Array, "batch H W C"]) -> Float[Array, "batch P Q C"]:
        """Return the image in the size of the receiver."""

    def __call__(
        self, x: Float[Array, "batch H W C"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch P Q C"]:
        del rng
        require_buffers(x=(x, self.in_features))
        message = self.resample(x)
        return message * per_unit("strength", self.strength, message)

    def windows(self, x: Float[Array, "batch H W C"]) -> Float[Array, "batch P a Q b C"]:
        """Return the image divided into the windows of the receiver's positions."""
        height, width, channels = self.in_features
        rows, columns, _ = self.out_features
        return x.reshape(len(x), rows, height // rows, columns, width // columns, channels)


class AveragePool(Resampling):
    """The message is the average over each window of the sending image.

    The arguments are those of `Resampling`. Windows do not overlap; their size is the quotient of
    the two images.

    Example:
        >>> import jax.numpy as jnp
        >>> image = jnp.array([[1.0, 1.0], [1.0, -1.0]]).reshape(1, 2, 2, 1)
        >>> AveragePool((2, 2, 1), (1, 1, 1))(image).ravel().tolist()
        [0.5]
    """

    def resample(self, x: Float[Array, "batch H W C"]) -> Float[Array, "batch P Q C"]:
        return self.windows(x).mean(axis=(2, 4))


class MaxPool(Resampling):
    """The message is the largest number in each window of the sending image.

    The arguments are those of `Resampling`.

    Example:
        >>> import jax.numpy as jnp
        >>> image = jnp.array([[1.0, 3.0], [1.0, -1.0]]).reshape(1, 2, 2, 1)
        >>> MaxPool((2, 2, 1), (1, 1, 1))(image).ravel().tolist()
        [3.0]
    """

    def resample(self, x: Float[Array, "batch H W C"]) -> Float[Array, "batch P Q C"]:
        return self.windows(x).max(axis=(2, 4))


class MajorityPool(Resampling):
    """The message is the sign of the sum over each window of the sending image, ties to +1.

    The arguments are those of `Resampling`.

    Example:
        >>> import jax.numpy as jnp
        >>> image = jnp.array([[1.0, -1.0], [-1.0, -1.0]]).reshape(1, 2, 2, 1)
        >>> MajorityPool((2, 2, 1), (1, 1, 1))(image).ravel().tolist()
        [-1.0]
    """

    def resample(self, x: Float[Array, "batch H W C"]) -> Float[Array, "batch P Q C"]:
        return sign(self.windows(x).sum(axis=(2, 4)))


class Unpool(Resampling):
    """The message repeats every position of the sending image in a window of the receiver.

    The arguments are those of `Resampling`.

    Example:
        >>> import jax.numpy as jnp
        >>> image = jnp.array([1.0, 2.0]).reshape(1, 1, 2, 1)
        >>> Unpool((1, 2, 1), (1, 4, 1))(image).ravel().tolist()
        [1.0, 1.0, 2.0, 2.0]
    """

    def large_and_small(self) -> tuple[Image, Image]:
        return self.out_features, self.in_features

    def resample(self, x: Float[Array, "batch H W C"]) -> Float[Array, "batch P Q C"]:
        (height, width, _), (rows, columns, _) = self.large_and_small()
        return jnp.repeat(jnp.repeat(x, height // rows, axis=1), width // columns, axis=2)
