"""Encodings, from raw inputs to the input buffer: small stages on a batch, run inside jit."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Num

from darnax.data.stages import Stage
from darnax.printing import count_of


class Scale(Stage):
    """`x / factor`: 255 takes pixels to [0, 1].

    Args:
        factor: the divisor.
    """

    factor: float = eqx.field(default=255.0, static=True)

    def __call__(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch *raw"]:
        """Divide by the factor."""
        return x.astype(jnp.float32) / self.factor


class Centre(Stage):
    """`x - mean`, one constant for all inputs."""

    mean: float = eqx.field(default=0.5, static=True)

    def __call__(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch *raw"]:
        """Subtract the mean."""
        return x.astype(jnp.float32) - self.mean


class Standardise(Stage):
    """`(x - mean) / deviation`, constants for all inputs; MNIST in [0, 1] has 0.1307 and 0.3081."""

    mean: float = eqx.field(static=True)
    deviation: float = eqx.field(static=True)

    def __call__(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch *raw"]:
        """Subtract the mean, divide by the deviation."""
        return (x.astype(jnp.float32) - self.mean) / self.deviation


class StandardiseColumns(Stage):
    """`(x_i - mean_i) / deviation_i`, two constants for each of the n numbers of an input."""

    mean: tuple[float, ...] = eqx.field(static=True, converter=tuple)
    deviation: tuple[float, ...] = eqx.field(static=True, converter=tuple)

    def __check_init__(self) -> None:
        if len(self.mean) != len(self.deviation) or 0 in self.deviation:
            means = count_of(len(self.mean), "mean")
            deviations = count_of(len(self.deviation), "deviation")
            raise ValueError(
                f"got {means}, {deviations}, expected as many of both, and no deviation of 0"
            )

    def __call__(self, x: Num[Array, "batch n"]) -> Float[Array, "batch n"]:
        """Subtract the means, divide by the deviations."""
        mean, deviation = jnp.array(self.mean), jnp.array(self.deviation)
        return (x.astype(jnp.float32) - mean) / deviation


class Flatten(Stage):
    """(batch, *raw) to (batch, n)."""

    def __call__(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch n"]:
        """Keep the batch axis only."""
        return x.astype(jnp.float32).reshape(len(x), -1)


class AppendConstant(Stage):
    """Append one channel that has the same value everywhere, which serves as the units' bias.

    A unit of ±1 without a bias answers −s to −x where it answers s to x, so that a network of such
    units gives an image and its negative the same scores, with opposite signs.
    """

    value: float = eqx.field(default=1.0, static=True)

    def __call__(self, x: Num[Array, "batch *axes channels"]) -> Float[Array, "batch *axes more"]:
        """Append the channel behind the others, on the last axis."""
        x = x.astype(jnp.float32)
        constant = jnp.full_like(x[..., :1], self.value)
        return jnp.concatenate([x, constant], axis=-1)


class RandomProjection(Stage):
    """`x G` with one fixed matrix `G ~ N(0, 1/n)`, (n, features), that depends on `seed` alone.

    It is the same for every split and every run. An input of any shape counts as its n numbers.
    With this variance the entries of `x G` have the mean square of the entries of x; before `Sign`
    the variance has no effect. `G` is drawn from n and the seed once, while the step is compiled.

    Args:
        features: number of columns of G.
        seed: of G.
    """

    features: int = eqx.field(static=True)
    seed: int = eqx.field(default=0, static=True)

    def __check_init__(self) -> None:
        if not 0 < self.features < 2**31 or not 0 <= self.seed < 2**31:
            got = f"got features={self.features}, seed={self.seed}"
            raise ValueError(f"{got}, expected at least 1 and 0, both below 2**31")

    def __call__(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch features"]:
        """Project each example."""
        flat = x.astype(jnp.float32).reshape(len(x), -1)
        n = flat.shape[1]
        with jax.ensure_compile_time_eval():
            key = jax.random.key(self.seed)
            G = jax.random.normal(key, (n, self.features), jnp.float32) / n**0.5
        # In full precision, because the sign of the result must not depend on the device.
        return jnp.matmul(flat, G, precision=jax.lax.Precision.HIGHEST)


class Sign(Stage):
    """±1 as float32; ties go to +1. NaN, an entry that is unknown, becomes 0.

    Example:
        >>> Sign()(jnp.array([[0.5, 0.0, -2.0, jnp.nan]])).tolist()
        [[1.0, 1.0, -1.0, 0.0]]
    """

    accepts_nan: ClassVar[bool] = True

    def __call__(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch *raw"]:
        """Take the sign."""
        below = jnp.where(x < 0, jnp.float32(-1), jnp.float32(0))  # NaN is neither below nor above
        return jnp.where(x >= 0, jnp.float32(1), below)
