"""How raw inputs become what the input buffer holds: small stages on a batch, run inside jit."""

import abc
from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Num


class Stage(eqx.Module):
    """One step of an encoding: (batch, *raw) in, (batch, *encoded) out, float32."""

    @abc.abstractmethod
    def __call__(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch *encoded"]:
        """Encode a batch."""


class Scale(Stage):
    """`x / factor`: 255 takes pixels to [0, 1]."""

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


class Flatten(Stage):
    """(batch, *raw) to (batch, n)."""

    def __call__(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch n"]:
        """Keep the batch axis only."""
        return x.astype(jnp.float32).reshape(len(x), -1)


class RandomProjection(Stage):
    """`x G` with one fixed matrix `G ~ N(0, 1/n)`, (n, features), the same for every split and every run of one `seed`.

    An input of any shape counts as its n numbers. The variance leaves the size of a unit-size input as it is;
    before `Sign` it changes nothing. `G` is drawn from n and the seed while the step is compiled, once.
    """

    features: int = eqx.field(static=True)
    seed: int = eqx.field(default=0, static=True)

    def __check_init__(self) -> None:
        if not 0 < self.features < 2**31 or not 0 <= self.seed < 2**31:
            raise ValueError(
                f"got features={self.features}, seed={self.seed}, expected at least 1 and 0, both below 2**31"
            )

    def __call__(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch features"]:
        """Project each example."""
        flat = x.astype(jnp.float32).reshape(len(x), -1)
        n = flat.shape[1]
        with jax.ensure_compile_time_eval():
            G = (
                jax.random.normal(jax.random.key(self.seed), (n, self.features), jnp.float32)
                / n**0.5
            )
        # Full precision: a sign that follows must not depend on the device.
        return jnp.matmul(flat, G, precision=jax.lax.Precision.HIGHEST)


class Sign(Stage):
    """±1 as float32; ties go to +1."""

    def __call__(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch *raw"]:
        """Take the sign."""
        return jnp.where(x >= 0, jnp.float32(1), jnp.float32(-1))


class Pipeline(Stage):
    """Stages one after the other, in the order of the mapping; none at all means float32 as it comes.

    Example:
        >>> encode = Pipeline({"scale": Scale(255.0), "flatten": Flatten()})
        >>> encode(jnp.full((2, 3, 3), 255, jnp.uint8)).shape
        (2, 9)
    """

    names: tuple[str, ...] = eqx.field(static=True)
    stages: tuple[Stage, ...]

    def __init__(self, stages: Mapping[str, Stage] | None = None) -> None:
        # A dict would come back from jit in alphabetical order.
        self.names = tuple(stages or ())
        self.stages = tuple((stages or {}).values())

    def __call__(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch *encoded"]:
        """Apply every stage."""
        x = x.astype(jnp.float32)
        for stage in self.stages:
            x = stage(x)
        return x
