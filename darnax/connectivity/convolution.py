"""Convolutional weights, shared by all positions of an image."""

import math
from functools import partial
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from darnax.connectivity.interface import FULL, Connectivity, normalise
from darnax.shapes import Pattern, as_size, require_buffers, require_shape

Padding = Literal["SAME", "VALID", "CIRCULAR"] | int
SAMPLES = 4  # samples whose windows are concatenated at once
LAYOUT = ("NHWC", "HWIO", "NHWC")
# The widest window, in pixels: a local update is compiled to one slice for each of its positions.
WIDEST = 63


class Convolved(Connectivity):
    """A weight `(width, width, channels in / groups, channels out)` between images `(H, W, C)`.

    Args:
        channels_in, channels_out: C of the sending and of the receiving buffer.
        width: of the square window, in pixels.
        stride: pixels between windows; for a transposed convolution, by which the image grows.
        padding: "SAME", with zeros around the image; "CIRCULAR", the same with the image continued
            from its opposite side; "VALID", none; or pixels of zeros on every side.
        transposed: spread every pixel over a window instead of gathering a window into a pixel.
        hollow: no unit is an input of itself, so that the window's centre has a zero diagonal over
            channels (needs an odd width).
        groups: into which the channels of both images are divided, in order; a group of the
            receiver has inputs in the same group of the sender alone.

    Raises:
        ValueError: a window above WIDEST, groups that do not divide the channels, groups or
            circular padding of a transposed convolution, or groups of a hollow one.
    """

    channels_in: int = eqx.field(static=True)
    channels_out: int = eqx.field(static=True)
    width: int = eqx.field(static=True)
    stride: int = eqx.field(static=True, default=1)
    padding: Padding = eqx.field(static=True, default="SAME")
    transposed: bool = eqx.field(static=True, default=False)
    hollow: bool = eqx.field(static=True, default=False)
    groups: int = eqx.field(static=True, default=1)

    def __check_init__(self) -> None:
        as_size((self.channels_in, self.channels_out, self.width, self.stride, self.groups))
        if self.width > WIDEST:
            raise ValueError(f"got a window of width {self.width}, expected {WIDEST} at most")
        if self.channels_in % self.groups or self.channels_out % self.groups:
            channels = f"{self.channels_in} and {self.channels_out}"
            what = f"expected a divisor of the channels, {channels}"
            raise ValueError(f"groups: got {self.groups}, {what}")
        if self.groups > 1 and (self.transposed or self.hollow):
            kind = "transposed" if self.transposed else "hollow"
            raise ValueError(f"got {self.groups} groups of a {kind} convolution, expected one")
        if self.transposed and self.padding == "CIRCULAR":
            what = "expected SAME, VALID or pixels"
            raise ValueError(f"got CIRCULAR padding of a transposed convolution, {what}")

    @property
    def fan_in(self) -> int:
        return self.width * self.width * self.channels_in // self.groups

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of the weight."""
        return (self.width, self.width, self.channels_in // self.groups, self.channels_out)

    @property
    def pre(self) -> Pattern:
        """Size of the sending image; the weight fits images of any height and width."""
        return (None, None, self.channels_in)

    def init(self, key: Key[Array, ""]) -> Float[Array, "width width inputs out"]:
        return self._zero_self_synapses(jax.random.normal(key, self.shape) / math.sqrt(self.fan_in))

    def message(
        self, weight: Float[Array, "width width inputs out"], x: Float[Array, "batch H W in"]
    ) -> Float[Array, "batch P Q out"]:
        require_shape("the weight", weight, self.shape)
        require_buffers(x=(x, self.pre))
        strides = (self.stride, self.stride)
        if self.transposed:
            return jax.lax.conv_transpose(
                x, weight, strides, self._zeros, dimension_numbers=LAYOUT, precision=FULL
            )
        if self.padding == "CIRCULAR":
            return self._convolve(weight, self._wrap(x), "VALID")
        if self.groups > 1:
            return self._convolve(weight, x, self._zeros)
        return convolve_with_adjoint(self, weight, x)

    def _convolve(self, weight: Array, x: Array, pad: Any) -> Float[Array, "batch P Q out"]:
        return jax.lax.conv_general_dilated(
            x,
            weight,
            (self.stride, self.stride),
            pad,
            dimension_numbers=LAYOUT,
            feature_group_count=self.groups,
            precision=FULL,
        )

    @property
    def _zeros(self) -> str | list[tuple[int, int]]:
        """The padding by zeros, as JAX takes it."""
        if isinstance(self.padding, str):
            return self.padding
        return [(self.padding, self.padding)] * 2

    def _pads(self, x: Float[Array, "batch H W in"]) -> list[tuple[int, int]]:
        """Return the pixels of padding before and behind each side of the image."""
        pads = "SAME" if self.padding == "CIRCULAR" else self._zeros
        if not isinstance(pads, str):
            return pads
        window, strides = (self.width, self.width), (self.stride, self.stride)
        above, left = jax.lax.padtype_to_pads(x.shape[1:3], window, strides, pads)
        return [above, left]

    def _wrap(self, x: Float[Array, "batch H W in"]) -> Float[Array, "batch P Q in"]:
        """Return the image continued on every side from the opposite one."""
        if min(x.shape[1:3]) < self.width:
            what = f"a window of width {self.width} would reach around it"
            raise ValueError(f"got an image of {x.shape[1]}×{x.shape[2]}, where {what}; widen it")
        return jnp.pad(x, ((0, 0), *self._pads(x), (0, 0)), mode="wrap")

    def correlate(
        self, x: Float[Array, "batch H W in"], e: Float[Array, "batch P Q out"]
    ) -> Float[Array, "width width inputs out"]:
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
            windows = self._extract_windows(x)
            if self.groups > 1:
                return total + self._sum_in_groups(windows, e), None
            return total + jnp.einsum("bpqw,bpqo->wo", windows, e, precision=FULL), None

        zeros = jnp.zeros((self.fan_in, self.channels_out), x.dtype)
        groups = tuple(a.reshape(-1, few, *a.shape[1:]) for a in (x, e))
        total, _ = jax.lax.scan(add, zeros, groups)
        return total.reshape(self.shape)

    def _extract_windows(self, x: Float[Array, "batch H W in"]) -> Float[Array, "batch P Q window"]:
        """Return, for every position of the message, all of its inputs."""
        width, stride = self.width, self.stride
        if self.padding == "CIRCULAR":
            padded = self._wrap(x)
        else:
            padded = jnp.pad(x, ((0, 0), *self._pads(x), (0, 0)))
        rows, columns = (stride * ((size - width) // stride) + 1 for size in padded.shape[1:3])
        corners = [(a, b) for a in range(width) for b in range(width)]
        return jnp.concatenate(
            [padded[:, a : a + rows : stride, b : b + columns : stride] for a, b in corners],
            axis=-1,
        )

    def spread(
        self,
        weight: Float[Array, "width width in out"],
        e: Float[Array, "batch P Q out"],
        size: tuple[int, int, int],
    ) -> Float[Array, "batch H W in"]:
        """Return what a message of `e` in the opposite direction, through the same weight, is.

        It is the adjoint of the message in x: each position adds to all pixels of its window.

        Args:
            weight: of the convolution.
            e: values of the receiving image.
            size: of the sending image.
        """
        height, wide, channels = size
        image = jnp.zeros((len(e), *size), e.dtype)
        above, left = self._pads(image)
        padded = jnp.pad(image, ((0, 0), above, left, (0, 0)))
        rows, columns = (self.stride * (n - 1) + 1 for n in e.shape[1:3])
        by_position = weight.reshape(self.width**2, channels, -1)
        for n, part in enumerate(by_position):
            a, b = divmod(n, self.width)
            pixels = jnp.einsum("bpqo,io->bpqi", e, part, precision=FULL)
            place = slice(a, a + rows, self.stride), slice(b, b + columns, self.stride)
            padded = padded.at[:, place[0], place[1]].add(pixels)
        return padded[:, above[0] : above[0] + height, left[0] : left[0] + wide]

    def _sum_in_groups(
        self, windows: Float[Array, "batch P Q window"], e: Float[Array, "batch P Q out"]
    ) -> Float[Array, "fan_in out"]:
        """Return the products of windows with e, for each group with its own inputs."""
        inputs = windows.reshape(*windows.shape[:3], self.width**2, self.groups, -1)
        signals = e.reshape(*e.shape[:3], self.groups, -1)
        total = jnp.einsum("bpqwgi,bpqgo->wigo", inputs, signals, precision=FULL)
        return total.reshape(self.fan_in, self.channels_out)

    def _zero_self_synapses(
        self, weight: Float[Array, "width width inputs out"]
    ) -> Float[Array, "width width inputs out"]:
        if not self.hollow:
            return weight
        centre = self.width // 2
        return weight.at[centre, centre].set(
            jnp.fill_diagonal(weight[centre, centre], 0.0, inplace=False)
        )


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def convolve_with_adjoint(
    connectivity: Convolved,
    weight: Float[Array, "width width in out"],
    x: Float[Array, "batch H W in"],
) -> Float[Array, "batch P Q out"]:
    """Return the convolution, with adjoints that are fast inside a compiled loop.

    Only the baseline by backpropagation uses them. The compiler's own take up to a hundred times as
    long there on a CPU.
    """
    return connectivity._convolve(weight, x, connectivity._zeros)


def _convolve_forward(connectivity: Convolved, weight: Array, x: Array) -> tuple[Array, Any]:
    return convolve_with_adjoint(connectivity, weight, x), (weight, x)


def _convolve_adjoint(connectivity: Convolved, saved: Any, e: Array) -> tuple[Array, Array]:
    weight, x = saved
    return connectivity._sum_over_batch(x, e), connectivity.spread(weight, e, x.shape[1:])


convolve_with_adjoint.defvjp(_convolve_forward, _convolve_adjoint)
