"""Modules between images: weights shared by all places, with any rule."""

from typing import Literal

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from darnax.activations import Activation, sign
from darnax.connectivity import Connectivity, Convolved, Gated
from darnax.connectivity.convolution import Padding
from darnax.modules.plasticity import RuleChoice, choose_rule
from darnax.modules.recurrent import Recurrent
from darnax.modules.sizes import Image, per_receiver, require_image
from darnax.modules.weighted import Weighted
from darnax.shapes import require_buffers


class Convolution(Weighted):
    """The message is the convolution `W * x` of an image `(B, H, W, C)`.

    Args:
        in_features, out_features: size `(H, W, C)` of the sending and of the receiving buffer.
        width: of the square window, in pixels.
        strength: scale of the initial W, whose entries are drawn independently from
            N(0, strength²/fan_in), where fan_in is width²·C_in/groups.
        threshold: margin of the default perceptron rule; default 0.
        rule: another law of plasticity, or None for a frozen W.
        stride: pixels between windows; for a transposed convolution, by which the image grows.
        padding: "SAME", "CIRCULAR", "VALID", or pixels on every side; see
            `darnax.connectivity.Convolved`.
        transposed: spread every pixel over a window instead of gathering a window into a pixel.
        groups: into which the channels of both images are divided.
        gate: one number, or one for each channel or unit of the receiving buffer, such as a mask,
            by which the message and the signal of the update are multiplied; see
            `darnax.connectivity.Gated`.
        presynaptic: ρ, for the message `W * ρ(x)` and its update; None is x itself.
        third_factor: name of the adapter to the same buffer that brings the third factor of a
            three-factor rule; its message does not enter the field.
        key: draws W.

    Raises:
        ValueError: sizes that are not images, an `out_features` that the convolution does not
            make of `in_features`, groups that do not divide the channels, or a gate of another
            size.

    Example:
        >>> import jax
        >>> Convolution((28, 28, 1), (14, 14, 16), width=3, stride=2, key=jax.random.key(0)).W.shape
        (3, 3, 1, 16)
    """

    def __init__(
        self,
        in_features: Image,
        out_features: Image,
        width: int = 3,
        strength: ArrayLike = 1.0,
        threshold: ArrayLike | None = None,
        *,
        rule: RuleChoice = ...,
        stride: int = 1,
        padding: Padding = "SAME",
        transposed: bool = False,
        groups: int = 1,
        gate: ArrayLike | None = None,
        presynaptic: Activation | None = None,
        third_factor: str | None = None,
        key: Key[Array, ""],
    ) -> None:
        pre, post = (
            require_image("in_features", in_features),
            require_image("out_features", out_features),
        )
        convolved = Convolved(pre[-1], post[-1], width, stride, padding, transposed, groups=groups)
        connectivity = gated(convolved, pre, post, gate, key)
        chosen = choose_rule(rule, threshold, post)
        scale = per_receiver(strength, post[-1:])
        super().__init__(
            pre,
            post,
            connectivity,
            chosen,
            scale,
            presynaptic=presynaptic,
            third_factor=third_factor,
            key=key,
        )
        # Traced instead of computed: the size depends on width, stride, padding and direction.
        size = jax.eval_shape(self, jax.ShapeDtypeStruct((1, *pre), jnp.float32)).shape[1:]
        if size != post:
            what = f"the convolution makes {size} of {pre}, but the receiver is {post}"
            raise ValueError(f"{what}; change stride, padding or width")


class RecurrentConvolution(Recurrent):
    """Units of ±1 on an image, coupled to their neighbourhood.

    `s ← sign(J * s + J_D s + Σ messages)`, ties to +1.

    Args:
        features: size `(H, W, C)` of the buffer.
        j_d: self-coupling J_D; J's window has no self-synapse.
        threshold: margin of the default perceptron rule; default 0.
        width: of the square window, in pixels; odd.
        padding: "SAME", or "CIRCULAR" for an image without a border.
        rule: another law of plasticity, or None for a frozen J.
        gate: of J, as in `Convolution`.
        key: draws J with independent entries N(0, 1/(width²·C)).

    Raises:
        ValueError: a size that is not an image, an even width, or a gate of another size.
    """

    def __init__(
        self,
        features: Image,
        j_d: ArrayLike,
        threshold: ArrayLike | None = None,
        *,
        width: int = 3,
        padding: Literal["SAME", "CIRCULAR"] = "SAME",
        rule: RuleChoice = ...,
        gate: ArrayLike | None = None,
        key: Key[Array, ""],
    ) -> None:
        size = require_image("features", features)
        if width % 2 == 0:
            what = "expected an odd one: the window of a recurrent convolution has a centre"
            raise ValueError(f"got width {width}, {what}")
        convolved = Convolved(size[-1], size[-1], width, padding=padding, hollow=True)
        connectivity = gated(convolved, size, size, gate, key)
        chosen = choose_rule(rule, threshold, size)
        super().__init__(size, connectivity, j_d, chosen, key=key)

    def activation(self, x: Float[Array, "batch H W C"]) -> Float[Array, "batch H W C"]:
        require_buffers(x=(x, self.features))
        return sign(x)


def gated(
    convolved: Convolved, pre: Image, post: Image, gate: ArrayLike | None, key: Key[Array, ""]
) -> Connectivity:
    """Return a convolution with a gate, or as it is without one."""
    if gate is None:
        return convolved
    return Gated(pre, post, gate, inner=lambda: convolved, key=key)
