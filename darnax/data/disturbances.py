"""Random stages: images that are shifted, cropped or mirrored; noise; parts that are missing.

Every stage acts on one example. An image has the shape (height, width) or (height, width,
channels); `Noise` and `Occlude` take inputs of any shape.
"""

from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from darnax.data.random_bits import bernoulli, normal, uniform
from darnax.data.stages import RandomStage, as_number, require_between, require_whole

Fill = Literal["zeros", "edge"]


class Shift(RandomStage):
    """`y[r, c] = x[r − dy, c − dx]`, with dy and dx uniform in {−pixels, …, pixels}.

    Args:
        pixels: the largest shift, an integer of at least 0.
        fill: what moves in from outside: 0, or the nearest pixel of the image.

    Raises:
        ValueError: `pixels` is not such an integer.
    """

    pixels: Array = eqx.field(converter=as_number)
    fill: Fill = eqx.field(default="zeros", static=True)

    def __check_init__(self) -> None:
        require_whole("pixels", self.pixels)

    def __call__(
        self, x: Float[Array, "height width *channels"], key: Key[Array, ""]
    ) -> Float[Array, "height width *channels"]:
        """Shift an image."""
        require_image(x)
        most = self.pixels.astype(jnp.int32)
        down, right = jax.random.randint(key, (2,), -most, most + 1)
        rows, columns = jnp.arange(x.shape[0]) - down, jnp.arange(x.shape[1]) - right
        return take_pixels(x, rows, columns, self.fill)


class Crop(RandomStage):
    """A square of `size` pixels at a uniform place of the image, padded by `padding` on each side.

    Where it is not applied, the result is the square in the centre.

    Args:
        size: pixels of the square.
        padding: pixels around the image, which the square may contain.
        fill: what is there: 0, or the nearest pixel of the image.

    Raises:
        ValueError: `size` is below 1, `padding` below 0, or the square is larger than the image.
    """

    size: int = eqx.field(static=True)
    padding: int = eqx.field(default=0, static=True)
    fill: Fill = eqx.field(default="zeros", static=True)

    def __check_init__(self) -> None:
        if self.size < 1 or self.padding < 0:
            got = f"got size={self.size}, padding={self.padding}"
            raise ValueError(f"{got}, expected at least 1 and 0")

    def __call__(
        self, x: Float[Array, "height width *channels"], key: Key[Array, ""]
    ) -> Float[Array, "size size *channels"]:
        """Cut out a square at a random place."""
        free = self._free(x)
        return self._cut(x, jax.random.randint(key, (2,), 0, free + 1))

    def clean(
        self, x: Float[Array, "height width *channels"]
    ) -> Float[Array, "size size *channels"]:
        """Cut out the square in the centre."""
        return self._cut(x, self._free(x) // 2)

    def _free(self, x: Array) -> Int[Array, "2"]:
        """Return by how many pixels the square can move down and to the right."""
        require_image(x)
        padded = [length + 2 * self.padding for length in x.shape[:2]]
        if min(padded) < self.size:
            what = f"size: got {self.size}, expected at most {min(padded)}"
            raise ValueError(f"{what}, for an image of {x.shape[0]} x {x.shape[1]}")
        return jnp.array(padded) - self.size

    def _cut(self, x: Array, corner: Int[Array, "2"]) -> Array:
        rows, columns = (first - self.padding + jnp.arange(self.size) for first in corner)
        return take_pixels(x, rows, columns, self.fill)


class Flip(RandomStage):
    """The mirrored image with a probability: `y[r, c] = x[r, W − 1 − c]`.

    Args:
        probability: of mirroring.
        direction: `horizontal` exchanges left and right, `vertical` top and bottom.

    Raises:
        ValueError: `probability` is not in [0, 1].
    """

    probability: Array = eqx.field(default=0.5, converter=as_number)
    direction: Literal["horizontal", "vertical"] = eqx.field(default="horizontal", static=True)

    def __check_init__(self) -> None:
        require_between("probability", self.probability, 0, 1)

    def __call__(
        self, x: Float[Array, "height width *channels"], key: Key[Array, ""]
    ) -> Float[Array, "height width *channels"]:
        """Mirror an image, or not."""
        require_image(x)
        axis = 1 if self.direction == "horizontal" else 0
        return jnp.where(jax.random.bernoulli(key, self.probability), jnp.flip(x, axis), x)


class Noise(RandomStage):
    """Noise on entries that are drawn independently, each with the probability `share`.

    A drawn entry x becomes, by `kind`,

    - `salt_and_pepper`: `high` or `low`, with probability 1/2 each (so that half of the drawn
      entries of a binary input change);
    - `sign_flips`: `−x`, for inputs of ±1;
    - `gaussian`: `x + deviation · ξ`, with ξ ~ N(0, 1).

    Args:
        share: the probability.
        kind: what becomes of an entry.
        deviation: of Gaussian noise.
        low: the value of pepper.
        high: the value of salt.

    Raises:
        ValueError: `share` is not in [0, 1]; `deviation` is negative.
    """

    share: Array = eqx.field(converter=as_number)
    kind: Literal["salt_and_pepper", "sign_flips", "gaussian"] = eqx.field(
        default="salt_and_pepper", static=True
    )
    deviation: Array = eqx.field(default=1.0, converter=as_number)
    low: Array = eqx.field(default=0.0, converter=as_number)
    high: Array = eqx.field(default=1.0, converter=as_number)

    def __check_init__(self) -> None:
        require_between("share", self.share, 0, 1)
        require_between("deviation", self.deviation, 0, float("inf"))

    def __call__(self, x: Float[Array, "*raw"], key: Key[Array, ""]) -> Float[Array, "*raw"]:
        """Disturb the entries of an example."""
        if self.kind == "salt_and_pepper":
            # One number decides both: u < share/2 is pepper, share/2 <= u < share is salt.
            u = uniform(key, x.shape)
            salted = jnp.where(u < self.share, self.high, x)
            return jnp.where(u < self.share / 2, self.low, salted)
        if self.kind == "sign_flips":
            return jnp.where(bernoulli(key, self.share, x.shape), -x, x)
        drawing, adding = jax.random.split(key)
        noisy = x + self.deviation * normal(adding, x.shape)
        return jnp.where(bernoulli(drawing, self.share, x.shape), noisy, x)


class Occlude(RandomStage):
    """A part of the input becomes `value`: 0 is unknown for inputs of ±1, and black for images.

    - `window`: one window at a uniform place, wholly inside; of `round(√share · H)` by
      `round(√share · W)` pixels in an image, of `round(share · n)` entries in an input (n,).
    - `pixels`: every pixel, with all its channels, independently with the probability `share`.

    Args:
        share: of the input that is occluded.
        part: a window, or single pixels.
        value: that the part gets.

    Raises:
        ValueError: `share` is not in [0, 1].
    """

    share: Array = eqx.field(converter=as_number)
    part: Literal["window", "pixels"] = eqx.field(default="window", static=True)
    value: Array = eqx.field(default=0.0, converter=as_number)

    def __check_init__(self) -> None:
        require_between("share", self.share, 0, 1)

    def __call__(self, x: Float[Array, "*raw"], key: Key[Array, ""]) -> Float[Array, "*raw"]:
        """Occlude a part of an example."""
        size = x.shape[:2]
        if self.part == "pixels":
            occluded = bernoulli(key, self.share, size)
        else:
            occluded = self._draw_window(size, key)
        occluded = occluded.reshape(size + (1,) * (x.ndim - len(size)))
        return jnp.where(occluded, self.value, x)

    def _draw_window(self, size: tuple[int, ...], key: Key[Array, ""]) -> Bool[Array, "*size"]:
        """Return which entries are inside a window, at a uniform place."""
        share = self.share if len(size) == 1 else jnp.sqrt(self.share)
        first_key, last_key = jax.random.split(key)
        inside = jnp.ones((), bool)
        for length, axis_key in zip(size, (first_key, last_key), strict=False):
            occluded = jnp.round(share * length).astype(jnp.int32)
            first = jax.random.randint(axis_key, (), 0, length - occluded + 1)
            position = jnp.arange(length)
            on_axis = (position >= first) & (position < first + occluded)
            inside = inside[..., None] & on_axis
        return inside


def require_image(x: Array) -> None:
    """Raise ValueError unless an example has the shape of an image."""
    if x.ndim not in (2, 3):
        expected = "expected (height, width) or (height, width, channels)"
        raise ValueError(f"got an input of shape {list(x.shape)}, {expected}")


def take_pixels(
    x: Float[Array, "height width *channels"],
    rows: Int[Array, " r"],
    columns: Int[Array, " c"],
    fill: Fill,
) -> Float[Array, "r c *channels"]:
    """Return the pixels at some rows and columns, which may be outside of the image."""
    height, width = x.shape[:2]
    taken = x[jnp.clip(rows, 0, height - 1)][:, jnp.clip(columns, 0, width - 1)]
    if fill == "edge":
        return taken
    has_row, has_column = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
    inside = has_row[:, None] & has_column[None, :]
    inside = inside.reshape(inside.shape + (1,) * (x.ndim - 2))
    return jnp.where(inside, taken, 0.0)
