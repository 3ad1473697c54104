"""Weights between images whose neighbouring positions are averaged or share a value."""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from darnax.connectivity.dense import Dense
from darnax.connectivity.interface import Connectivity
from darnax.shapes import Size, as_size, require_buffers


class Pooled(Connectivity):
    """A dense weight between pooled images.

    An image `(H, W, C)` is divided into windows of `window`×`window` positions. Of a sending image
    the message reads the average over each window, channel by channel (average pooling); to a
    receiving image it is sent to all positions of a window alike. A buffer of another size is taken
    as it is.

    Args:
        window: width of the square windows, in pixels; it divides the height and the width. None is
            one window, the whole image: to a receiving image all positions get the same message.
        pre, post: sizes of the sending and of the receiving buffer; one of them at least is an
            image.

    Raises:
        ValueError: neither buffer is an image, or windows do not divide an image.

    Example:
        >>> from darnax.connectivity import Pooled
        >>> Pooled(window=2, pre=(4, 4, 3), post=10).shape
        (12, 10)
    """

    window: int | None = eqx.field(static=True)
    pre: Size = eqx.field(static=True, converter=as_size)
    post: Size = eqx.field(static=True, converter=as_size)

    def __check_init__(self) -> None:
        if self.window is not None:
            as_size(self.window)
        images = [size for size in (self.pre, self.post) if len(size) == 3]
        if not images:
            got = f"got buffers of size {self.pre} and {self.post}"
            raise ValueError(f"{got}, expected an image (H, W, C) to be pooled")
        for height, width, _ in images:
            if self.window and (height % self.window or width % self.window):
                got = f"window: got {self.window}"
                raise ValueError(f"{got}, expected a divisor of the image's size {height}×{width}")

    @property
    def _dense(self) -> Dense:
        """The layout of the weight between the pooled buffers."""
        return Dense(self._pooled(self.pre), self._pooled(self.post))

    @property
    def fan_in(self) -> int:
        return self._dense.fan_in

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the weight."""
        return self._dense.shape

    def init(self, key: Key[Array, ""]) -> Float[Array, "pre post"]:
        return self._dense.init(key)

    def message(
        self, weight: Float[Array, "pre post"], x: Float[Array, "batch *pre"]
    ) -> Float[Array, "batch *post"]:
        require_buffers(x=(x, self.pre))
        field = self._dense.message(weight, self._average(x))
        if len(self.post) == 3:
            for axis, pixels in enumerate(self._window(self.post), start=1):
                field = jnp.repeat(field, pixels, axis=axis)
        return field

    def correlate(
        self, x: Float[Array, "batch *pre"], e: Float[Array, "batch *post"]
    ) -> Float[Array, "pre post"]:
        """See `Connectivity`; the signals of a window are summed, since they share synapses."""
        require_buffers(x=(x, self.pre), e=(e, self.post))
        return self._dense.correlate(self._average(x), self._sum(e, self.post))

    def _pooled(self, size: Size) -> Size:
        if len(size) != 3:
            return size
        rows, columns = self._window(size)
        return (size[0] // rows, size[1] // columns, size[2])

    def _window(self, size: Size) -> Size:
        """Return the height and the width of a window of an image."""
        return size[:2] if self.window is None else (self.window, self.window)

    def _average(self, x: Float[Array, "batch *pre"]) -> Float[Array, "batch *pooled"]:
        total = self._sum(x, self.pre)
        return total / math.prod(self._window(self.pre)) if len(self.pre) == 3 else total

    def _sum(self, x: Float[Array, "batch *size"], size: Size) -> Float[Array, "batch *pooled"]:
        """Return the sum over each window of an image; another buffer as it is."""
        if len(size) != 3:
            return x
        rows, columns, channels = self._pooled(size)
        height, width = self._window(size)
        windows = x.reshape(x.shape[0], rows, height, columns, width, channels)
        return windows.sum(axis=(2, 4))
