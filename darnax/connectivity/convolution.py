"""Convolutional weights, shared by all positions of an image."""

import math
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from darnax.connectivity.interface import FULL, Connectivity, normalise
from darnax.shapes import Pattern, as_size, require_buffers, require_shape

Padding = Literal["SAME", "VALID"] | int
SAMPLES = 4  # samples whose windows are concatenated at once
LAYOUT = ("NHWC", "HWIO", "NHWC")
# The widest window, in pixels: a local update is compiled to one slice for each of its positions.
WIDEST = 63


class Convolved(Connectivity):
    """A weight `(width, width, channels in, channels out)` between images `(H, W, C)`.

    Args:
        channels_in, channels_out: C of the sending and of the receiving buffer.
        width: of the square window, in pixels.
        stride: pixels between windows; for a transposed convolution, by which the image grows.
        padding: "SAME", "VALID", or pixels on every side.
        transposed: spread every pixel over a window instead of gathering a window into a pixel.
        hollow: no unit is an input of itself, so that the window's centre has a zero diagonal over
            channels (needs an odd width).
    """

    channels_in: int = eqx.field(static=True)
    channels_out: int = eqx.field(static=True)
    width: int = eqx.field(static=True)
    stride: int = eqx.field(static=True, default=1)
    padding: Padding = eqx.field(static=True, default="SAME")
    transposed: bool = eqx.field(static=True, default=False)
    hollow: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        as_size((self.channels_in, self.channels_out, self.width, self.stride))
        if self.width > WIDEST:
            raise ValueError(f"got a window of width {self.width}, expected {WIDEST} at most")

    @property
    def fan_in(self) -> int:
        return self.width * self.width * self.channels_in

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of the weight."""
        return (self.width, self.width, self.channels_in, self.channels_out)

    @property
    def pre(self) -> Pattern:
        """Size of the sending image; the weight fits images of any height and width."""
        return (None, None, self.channels_in)

    def init(self, key: Key[Array, ""]) -> Float[Array, "width width in out"]:
        return self._zero_self_synapses(jax.random.normal(key, self.shape) / math.sqrt(self.fan_in))

    def message(
        self, weight: Float[Array, "width width in out"], x: Float[Array, "batch H W in"]
    ) -> Float[Array, "batch P Q out"]:
        require_shape("the weight", weight, self.shape)
        require_buffers(x=(x, self.pre))
        pad = self.padding if isinstance(self.padding, str) else [(self.padding, self.padding)] * 2
        strides = (self.stride, self.stride)
        convolve = jax.lax.conv_transpose if self.transposed else jax.lax.conv_general_dilated
        return convolve(x, weight, strides, pad, dimension_numbers=LAYOUT, precision=FULL)

    def correlate(
        self, x: Float[Array, "batch H W in"], e: Float[Array, "batch P Q out"]
    ) -> Float[Array, "width width in out"]:
        """See `Connectivity`; `x ⊗ e` is summed over all positions, since they share the weight."""
        weight = jax.ShapeDtypeStruct(self.shape, x.dtype)
        require_buffers(x=(x, self.pre), e=(e, jax.eval_shape(self.message, weight, x).shape[1:]))
        if self.transposed:
            # The message is linear in the weight, and the transposed linear map is that sum. No
            # gradient is taken.
            (total,) = jax.linear_transpose(lambda w: self.message(w, x), weight)(e)
        else:
            total = self._sum_over_batch(x, e)
        return self._zero_self_synapses(normalise(total, x.shape[0], self.fan_in))

    def _sum_over_batch(
        self, x: Float[Array, "batch H W in"], e: Float[Array, "batch P Q out"]
    ) -> Array:
        """Return `Σ_b x_b ⊗ e_b`, by products of concatenated windows with e."""
        # Inside a loop the compiler's own code for this sum takes up to a hundred times as long.
        # The windows of few samples at a time stay in the cache.
        few = math.gcd(len(x), SAMPLES)

        def add(total: Array, samples: tuple[Array, ...]) -> tuple[Array, None]:
            x, e = samples
            return total + jnp.einsum(
                "bpqw,bpqo->wo", self._extract_windows(x), e, precision=FULL
            ), None

        zeros = jnp.zeros((self.fan_in, self.channels_out), x.dtype)
        groups = tuple(a.reshape(-1, few, *a.shape[1:]) for a in (x, e))
        total, _ = jax.lax.scan(add, zeros, groups)
        return total.reshape(self.shape)

    def _extract_windows(self, x: Float[Array, "batch H W in"]) -> Float[Array, "batch P Q window"]:
        """Return, for every position of the message, all of its inputs."""
        width, stride, pad = self.width, self.stride, self.padding
        if isinstance(pad, str):
            above, left = jax.lax.padtype_to_pads(
                x.shape[1:3], (width, width), (stride, stride), pad
            )
        else:
            above = left = (pad, pad)
        padded = jnp.pad(x, ((0, 0), above, left, (0, 0)))
        rows, columns = (stride * ((size - width) // stride) + 1 for size in padded.shape[1:3])
        corners = [(a, b) for a in range(width) for b in range(width)]
        return jnp.concatenate(
            [padded[:, a : a + rows : stride, b : b + columns : stride] for a, b in corners],
            axis=-1,
        )

    def _zero_self_synapses(
        self, weight: Float[Array, "width width in out"]
    ) -> Float[Array, "width width in out"]:
        if not self.hollow:
            return weight
        centre = self.width // 2
        return weight.at[centre, centre].set(
            jnp.fill_diagonal(weight[centre, centre], 0.0, inplace=False)
        )
