"""How a target becomes the pattern of the output buffer, and how a prediction is scored."""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from darnax.data.pipeline import Pipeline


class Labels(eqx.Module):
    """A label code: `encode` makes output patterns, `score` compares a prediction with them.

    A subclass says besides, where the defaults do not hold, how its score is called, whether higher
    is better, and whether it is right or wrong. For regression:

        class Values(Labels):
            score_name = "squared_error"
            higher_is_better = False

            def encode(self, targets, classes):
                return targets.astype(jnp.float32)

            def score(self, prediction, y):
                return jnp.mean(jnp.square(prediction - y), axis=-1)

    A run with this code logs `train/squared_error`, `eval/squared_error` and `test/squared_error`,
    and keeps the network with the lowest `eval/squared_error` in `best.safetensors`.
    """

    @property
    def score_name(self) -> str:
        """The name of the score in metrics: letters, digits and `_`. By default `accuracy`.

        Values of a name that ends in `accuracy` are shown as percentages.
        """
        return "accuracy"

    @property
    def higher_is_better(self) -> bool:
        """Whether the better of two predictions has the higher score."""
        return True

    @property
    def right_or_wrong(self) -> bool:
        """Whether every score is 1 or 0, so that their mean is the fraction of right answers.

        Only such a score has an interval of binomial counts, a majority rate and a table of
        classes.
        """
        return False

    @property
    def of_inputs(self) -> bool:
        """Whether `encode` takes clean encoded inputs (batch, *encoded) in the place of targets."""
        return False

    @abc.abstractmethod
    def encode(self, targets: Array, classes: int) -> Float[Array, "batch *size"]:
        """Turn raw targets into what the output buffer should hold."""

    @abc.abstractmethod
    def score(
        self, prediction: Float[Array, "batch *size"], y: Float[Array, "batch *size"]
    ) -> Float[Array, "batch"]:
        """Return the score of each example; a run reports the mean over the examples."""


class Classes(Labels):
    """One output per class: `y_c = high` for the class of the target, `low` for the others.

    A prediction is right where the argmaxes agree. ±1 by default; `high=1, low=0` is one-hot;
    `high=1.5, low=-1/3` and `high=√10/2, low=-0.5` are rescaled codes.
    (Not `on` and `off`: YAML reads these as true and false.)

    Args:
        high: value for the class of the target.
        low: value for the other classes.

    Example:
        >>> Classes().encode(jnp.array([2]), 3).tolist()
        [[-1.0, -1.0, 1.0]]
    """

    high: float = 1.0
    low: float = -1.0

    @property
    def right_or_wrong(self) -> bool:
        """Yes."""
        return True

    def encode(self, targets: Int[Array, "batch"], classes: int) -> Float[Array, "batch classes"]:
        """Code (B,) class numbers as (B, classes) float32."""
        shown = targets[:, None] == jnp.arange(classes, dtype=targets.dtype)[None]
        return jnp.where(shown, jnp.float32(self.high), jnp.float32(self.low))

    def score(
        self, prediction: Float[Array, "batch classes"], y: Float[Array, "batch classes"]
    ) -> Float[Array, "batch"]:
        """1 where the largest output is that of the class, else 0; the first of equals counts."""
        return (jnp.argmax(prediction, -1) == jnp.argmax(y, -1)).astype(jnp.float32)


class Patterns(Labels):
    """Targets that are ±1 patterns; the score is the fraction of outputs with the right sign.

    An output of 0 counts as +1. The score is called `accuracy`.
    With `whole` only a pattern that is right in every output counts: 1, and 0 otherwise.
    """

    whole: bool = eqx.field(static=True, default=False)

    @property
    def right_or_wrong(self) -> bool:
        """Only with `whole`."""
        return self.whole

    def encode(
        self, targets: Float[Array, "batch *size"], classes: int
    ) -> Float[Array, "batch *size"]:
        """Return the targets as they are, as float32."""
        del classes
        return targets.astype(jnp.float32)

    def score(
        self, prediction: Float[Array, "batch *size"], y: Float[Array, "batch *size"]
    ) -> Float[Array, "batch"]:
        """Mean over the outputs of [sign(prediction) = y], or with `whole` the smallest of them."""
        right = (
            (jnp.where(prediction >= 0, 1.0, -1.0).astype(y.dtype) == y)
            .reshape(len(y), -1)
            .astype(jnp.float32)
        )
        return jnp.min(right, axis=1) if self.whole else jnp.mean(right, axis=1)


class Values(Labels):
    """Targets that are real numbers; the score is the squared error, of which less is better.

    The targets are coded as `(t − mean) / deviation`, one constant each for all outputs; the score
    is `mean_i (prediction_i − y_i)²` in this code.

    Example:
        >>> Values(mean=10.0, deviation=2.0).encode(jnp.array([[12.0]]), 1).tolist()
        [[1.0]]
    """

    mean: float = 0.0
    deviation: float = 1.0

    @property
    def score_name(self) -> str:
        """`squared_error`."""
        return "squared_error"

    @property
    def higher_is_better(self) -> bool:
        """No."""
        return False

    def encode(
        self, targets: Float[Array, "batch *size"], classes: int
    ) -> Float[Array, "batch *size"]:
        """Return the targets, shifted and rescaled, as float32."""
        del classes
        return (targets.astype(jnp.float32) - self.mean) / self.deviation

    def score(
        self, prediction: Float[Array, "batch *size"], y: Float[Array, "batch *size"]
    ) -> Float[Array, "batch"]:
        """Mean over the outputs of the squared difference."""
        errors = jnp.square(prediction - y).reshape(len(y), -1)
        return jnp.mean(errors, axis=1)


class CleanInputs(Patterns):
    """The target is the encoded input without the random stages: denoising and completion.

    The output buffer has the shape of the input buffer; the targets of the dataset are not used.
    The score is the fraction of outputs with the right sign, as for `Patterns`, so that inputs of
    ±1 are expected.
    """

    @property
    def of_inputs(self) -> bool:
        """Yes."""
        return True


def encode_targets(
    labels: Labels, classes: int, encode: Pipeline, inputs: Array, targets: Array
) -> Float[Array, "batch *size"]:
    """Return the values of the output buffer for a batch of raw inputs and their targets."""
    return labels.encode(encode.clean(inputs) if labels.of_inputs else targets, classes)
