"""Random stages that rotate and scale images."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from darnax.data.disturbances import require_image
from darnax.data.stages import RandomStage, as_number, require_between


class Affine(RandomStage):
    """The image rotated by φ and scaled by s about its centre c, with bilinear interpolation.

    `y(p) = x(c + R(φ)ᵀ (p − c) / s)` with φ uniform in [−degrees, degrees] and s uniform in
    [1 − scale, 1 + scale]; pixels outside of the image are 0.

    Args:
        degrees: the largest angle.
        scale: the largest change of the size.

    Raises:
        ValueError: `degrees` is not in [0, 180], or `scale` not in [0, 0.9].
    """

    degrees: Array = eqx.field(default=0.0, converter=as_number)
    scale: Array = eqx.field(default=0.0, converter=as_number)

    def __check_init__(self) -> None:
        require_between("degrees", self.degrees, 0, 180)
        require_between("scale", self.scale, 0, 0.9)

    def __call__(
        self, x: Float[Array, "height width *channels"], key: Key[Array, ""]
    ) -> Float[Array, "height width *channels"]:
        """Rotate and scale an image."""
        require_image(x)
        draws = jax.random.uniform(key, (2,), minval=-1.0, maxval=1.0)
        angle, size = jnp.deg2rad(self.degrees) * draws[0], 1 + self.scale * draws[1]
        height, width = x.shape[:2]
        down = jnp.arange(height)[:, None] - (height - 1) / 2
        right = jnp.arange(width)[None, :] - (width - 1) / 2
        cosine, sine = jnp.cos(angle) / size, jnp.sin(angle) / size
        rows = cosine * down + sine * right + (height - 1) / 2
        columns = cosine * right - sine * down + (width - 1) / 2
        return interpolate(x, rows, columns)


class Rotate(Affine):
    """The image rotated about its centre by an angle uniform in [−degrees, degrees]: `Affine`."""

    degrees: Array = eqx.field(default=10.0, converter=as_number)


def interpolate(
    x: Float[Array, "height width *channels"],
    rows: Float[Array, "r c"],
    columns: Float[Array, "r c"],
) -> Float[Array, "r c *channels"]:
    """Return an image at points between its pixels, bilinearly; it is 0 outside."""
    height, width = x.shape[:2]
    top, left = jnp.floor(rows), jnp.floor(columns)
    result = jnp.zeros((*rows.shape, *x.shape[2:]), x.dtype)
    for down in (0, 1):
        for right in (0, 1):
            row, column = top + down, left + right
            weight = (1 - jnp.abs(rows - row)) * (1 - jnp.abs(columns - column))
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            weight = jnp.where(inside, weight, 0.0)
            at_row = jnp.clip(row, 0, height - 1).astype(jnp.int32)
            at_column = jnp.clip(column, 0, width - 1).astype(jnp.int32)
            weight = weight.reshape(weight.shape + (1,) * (x.ndim - 2))
            result += weight * x[at_row, at_column]
    return result
