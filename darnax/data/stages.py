"""The kinds of stages that an encoding is made of, and how random stages get their keys."""

import abc
import zlib
from collections.abc import Mapping
from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, Num

# Folded into the key of a training step. The network folds and splits the same key by small
# numbers, so that a large one makes an independent key.
DISTURBANCE = 2**31
EVALUATION_SEED = 0  # of the keys of random stages in evaluations

When = Literal["train", "always"]
Numbers = Mapping[str, Array]


class AnyStage(eqx.Module):
    """One step of an encoding: a `Stage`, a `RandomStage` or a `FittedStage`.

    Attributes:
        accepts_nan: whether NaN is an entry that is unknown, which the stage replaces by a number.
    """

    accepts_nan: ClassVar[bool] = False


class Stage(AnyStage):
    """A fixed function of a batch: (batch, *raw) in, (batch, *encoded) out, float32."""

    @abc.abstractmethod
    def __call__(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch *encoded"]:
        """Encode a batch."""


class RandomStage(AnyStage):
    """A random function of one example, such as noise.

    A pipeline calls it for every example of a batch (with `jax.vmap`), with a key that follows

    - in training from the run's seed, the epoch, the batch, the stage's name and the example's
      index: a resumed run, a replica, a run in a batched sweep and any number of devices draw the
      same numbers;
    - in evaluation from the stage's name and the example's index in its split alone: the scores of
      one network do not depend on when it is evaluated.

    Where the stage is not applied, a pipeline calls `clean` instead. Both have to return examples
    of the same shape.

    Numbers of a stage that are arrays are inputs of the compiled programs, so that a sweep over
    them compiles once; `darnax.data.as_number` converts a field to one.

    Args:
        when: `train` applies the stage in training alone, `always` in evaluations too.

    Example:
        >>> class Dropout(RandomStage):
        ...     share: Array = eqx.field(converter=as_number)
        ...
        ...     def __call__(self, x, key):
        ...         return jnp.where(jax.random.bernoulli(key, self.share, x.shape), 0.0, x)
        >>> Dropout(0.5)(jnp.ones(3), jax.random.key(0)).shape
        (3,)
    """

    when: When = eqx.field(default="train", static=True, kw_only=True)

    @abc.abstractmethod
    def __call__(self, x: Float[Array, "*raw"], key: Key[Array, ""]) -> Float[Array, "*encoded"]:
        """Return the disturbed example."""

    def clean(self, x: Float[Array, "*raw"]) -> Float[Array, "*encoded"]:
        """Return the example where the stage is not applied; by default the example itself."""
        return x


class FittedStage(AnyStage):
    """A function of a batch with numbers that are fitted to the training inputs.

    The numbers are fitted once, when a run starts, and stored in its folder: evaluating, resuming,
    exporting and loading use the same ones.

    Args:
        examples: fit on so many training inputs at most, evenly spread over those that are in
            memory at once.
    """

    examples: int = eqx.field(default=10_000, static=True, kw_only=True)

    @abc.abstractmethod
    def fit(self, inputs: Float[Array, "n *raw"]) -> Numbers:
        """Return the numbers, by name, for inputs that have gone through the stages before.

        Random stages before this one are not applied.
        """

    @abc.abstractmethod
    def __call__(
        self, x: Float[Array, "batch *raw"], numbers: Numbers
    ) -> Float[Array, "batch *encoded"]:
        """Encode a batch with fitted numbers."""

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of an encoded example, for one of this shape; by default the same."""
        return shape


def as_number(value: float) -> Array:
    """Return a number as an array (), which is an input of compiled programs."""
    return jnp.asarray(value, jnp.float32)


def require_between(name: str, value: Array, low: float, high: float) -> None:
    """Raise ValueError unless a number is in [low, high]."""
    # The comparison is false for NaN.
    if not low <= float(value) <= high:
        raise ValueError(f"{name}: got {float(value):g}, expected a number in [{low:g}, {high:g}]")


def require_whole(name: str, value: Array, most: int = 10_000) -> None:
    """Raise ValueError unless a number is an integer in [0, most]."""
    require_between(name, value, 0, most)
    if not float(value).is_integer():
        raise ValueError(f"{name}: got {float(value):g}, expected an integer")


def keys_of_examples(
    name: str, key: Key[Array, ""] | None, index: Int[Array, " batch"]
) -> Key[Array, " batch"]:
    """Return the key of the stage `name` for each example; without a key those of evaluations."""
    base = jax.random.key(EVALUATION_SEED) if key is None else key
    # A checksum, because Python's `hash` of a string differs from process to process.
    of_stage = jax.random.fold_in(jax.random.fold_in(base, DISTURBANCE), zlib.crc32(name.encode()))
    return jax.vmap(lambda example: jax.random.fold_in(of_stage, example))(index)
