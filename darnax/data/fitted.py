"""Stages with numbers that are fitted to the training inputs: whitening, standardised channels."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from darnax.data.stages import FittedStage, Numbers


class Whiten(FittedStage):
    """ZCA whitening `y = W (x − μ)`, with `W = (C + ε t I)^(−1/2)` symmetric.

    μ and C are the mean and the covariance of the training inputs, and t = tr C / n is the mean
    variance of an entry, so that ε has no unit. An input of any shape counts as its n numbers, and
    keeps its shape. Fitting takes memory for n² numbers and the time of an eigendecomposition.

    Args:
        epsilon: the ridge ε; larger values leave directions of small variance smaller.
        examples: fit on so many training inputs at most.

    Raises:
        ValueError: `epsilon` is not positive.
    """

    epsilon: float = eqx.field(default=1e-2, static=True)

    def __check_init__(self) -> None:
        if not self.epsilon > 0:
            raise ValueError(f"epsilon: got {self.epsilon}, expected a number above 0")

    def fit(self, inputs: Float[Array, "n *raw"]) -> Numbers:
        """Return μ, (n,), and W, (n, n)."""
        # On the host and in float64: it happens once, and must not depend on the device.
        x = np.asarray(inputs, np.float64).reshape(len(inputs), -1)
        mean = x.mean(axis=0)
        x -= mean
        covariance = x.T @ x / len(x)
        variances, directions = np.linalg.eigh(covariance)
        ridge = self.epsilon * max(np.trace(covariance) / len(covariance), 1e-12)
        scales = 1 / np.sqrt(np.maximum(variances, 0) + ridge)
        W = (directions * scales) @ directions.T
        return {"mean": jnp.asarray(mean, jnp.float32), "W": jnp.asarray(W, jnp.float32)}

    def __call__(
        self, x: Float[Array, "batch *raw"], numbers: Numbers
    ) -> Float[Array, "batch *raw"]:
        """Whiten a batch."""
        flat = x.reshape(len(x), -1) - numbers["mean"]
        return jnp.matmul(flat, numbers["W"], precision="highest").reshape(x.shape)


class SubtractMean(FittedStage):
    """`x − μ`, with μ the mean of the training inputs, entry by entry.

    An entry of 0 is then one of which only the mean is known: `Occlude` with the value 0 hides
    entries, and an entry of NaN, one that is unknown, becomes 0.

    Args:
        examples: fit on so many training inputs at most.
    """

    accepts_nan: ClassVar[bool] = True

    def fit(self, inputs: Float[Array, "n *raw"]) -> Numbers:
        """Return μ, (*raw)."""
        mean = np.asarray(inputs, np.float64).mean(axis=0)
        return {"mean": jnp.asarray(mean, jnp.float32)}

    def __call__(
        self, x: Float[Array, "batch *raw"], numbers: Numbers
    ) -> Float[Array, "batch *raw"]:
        """Subtract the mean."""
        centred = x - jnp.broadcast_to(numbers["mean"], x.shape)
        return jnp.where(jnp.isnan(centred), jnp.zeros_like(centred), centred)


class StandardiseChannels(FittedStage):
    """`(x − mean) / deviation` with one mean and one deviation for each channel, the last axis.

    They are those of the training inputs, over examples and all other axes. An input (height,
    width) has no channels: give it one with a shape (height, width, 1).

    Args:
        examples: fit on so many training inputs at most.
    """

    def fit(self, inputs: Float[Array, "n *raw channels"]) -> Numbers:
        """Return mean and deviation, (channels,) each; a constant channel has the deviation 1."""
        x = np.asarray(inputs).reshape(-1, inputs.shape[-1])
        mean = x.mean(axis=0, dtype=np.float64)
        deviation = x.std(axis=0, dtype=np.float64)
        deviation[deviation == 0] = 1
        return {
            "mean": jnp.asarray(mean, jnp.float32),
            "deviation": jnp.asarray(deviation, jnp.float32),
        }

    def __call__(
        self, x: Float[Array, "batch *raw channels"], numbers: Numbers
    ) -> Float[Array, "batch *raw channels"]:
        """Standardise a batch."""
        return (x - numbers["mean"]) / numbers["deviation"]
