"""An encoding: its stages in order, with the numbers that were fitted."""

from collections.abc import Iterable, Mapping
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, Num

from darnax.data.stages import (
    AnyStage,
    FittedStage,
    Numbers,
    RandomStage,
    Stage,
    keys_of_examples,
)
from darnax.errors import first_line


class Pipeline(Stage):
    """Stages applied in the order of the mapping; an empty one only converts to float32.

    Args:
        stages: name -> stage.
        always: names of the random stages that are applied in evaluations too; by default those
            with `when="always"`.
        fitted: name -> numbers of every fitted stage; None before they are fitted.

    Example:
        >>> encode = Pipeline({"scale": Scale(255.0), "flatten": Flatten()})
        >>> encode(jnp.full((2, 3, 3), 255, jnp.uint8)).shape
        (2, 9)
    """

    names: tuple[str, ...] = eqx.field(static=True)
    stages: tuple[AnyStage, ...]
    always: frozenset[str] = eqx.field(static=True)
    fitted: dict[str, dict[str, Array]] | None

    def __init__(
        self,
        stages: Mapping[str, AnyStage] | None = None,
        *,
        always: Iterable[str] | None = None,
        fitted: Mapping[str, Numbers] | None = None,
    ) -> None:
        stages = stages or {}
        # A dict would come back from jit in alphabetical order.
        self.names, self.stages = tuple(stages), tuple(stages.values())
        if always is None:
            always = [
                name
                for name, stage in stages.items()
                if isinstance(stage, RandomStage) and stage.when == "always"
            ]
        self.always = frozenset(always)
        self.fitted = None if fitted is None else {name: dict(fitted[name]) for name in fitted}

    def __call__(
        self,
        x: Num[Array, "batch *raw"],
        key: Key[Array, ""] | None = None,
        index: Int[Array, " batch"] | None = None,
    ) -> Float[Array, "batch *encoded"]:
        """Apply every stage.

        Args:
            x: a batch of raw examples.
            key: of a training step; None in an evaluation.
            index: of each example, among those that the key is for; by default 0, 1, ….

        Raises:
            ValueError: a stage has not been fitted.
        """
        applied = self.always if key is None else frozenset(self.random_names)
        return self._encode(x, applied, key, index)

    def clean(self, x: Num[Array, "batch *raw"]) -> Float[Array, "batch *encoded"]:
        """Apply every stage but the random ones."""
        return self._encode(x, frozenset())

    @property
    def random_names(self) -> tuple[str, ...]:
        """The names of the random stages."""
        pairs = zip(self.names, self.stages, strict=True)
        return tuple(name for name, stage in pairs if isinstance(stage, RandomStage))

    @property
    def is_fitted(self) -> bool:
        """Whether no stage is still to be fitted."""
        return self.fitted is not None or not self.fits

    @property
    def fits(self) -> bool:
        """Whether there is a stage that is fitted to the training inputs."""
        return bool(self.fitted_names)

    @property
    def fitted_names(self) -> tuple[str, ...]:
        """The names of the stages that are fitted to the training inputs."""
        pairs = zip(self.names, self.stages, strict=True)
        return tuple(name for name, stage in pairs if isinstance(stage, FittedStage))

    @property
    def most_examples(self) -> int:
        """The largest number of training inputs that a stage is fitted to."""
        stages = [stage for stage in self.stages if isinstance(stage, FittedStage)]
        return max((stage.examples for stage in stages), default=0)

    def with_always(self, names: Iterable[str]) -> Self:
        """Return the pipeline with these random stages applied in evaluations too."""
        always = {*self.always, *(name for name in names if name in self.random_names)}
        return self._replace(always, self.fitted)

    def with_fitted(self, fitted: Mapping[str, Numbers] | None) -> Self:
        """Return the pipeline with these numbers of its fitted stages."""
        return self._replace(self.always, fitted)

    def fit(self, inputs: Num[Array, "n *raw"]) -> Self:
        """Return the pipeline with its stages fitted, in their order, to training inputs.

        Each stage sees the inputs as the stages before it leave them, random ones left out.
        """
        fitted: dict[str, Numbers] = {}
        x = inputs.astype(jnp.float32)
        for name, stage in zip(self.names, self.stages, strict=True):
            if isinstance(stage, FittedStage):
                chosen = jnp.linspace(0, len(x) - 1, min(len(x), stage.examples)).astype(int)
                fitted[name] = stage.fit(x[chosen])
            # Only what is needed for the stages that come later.
            x = apply_clean(stage, x, fitted.get(name))
        return self.with_fitted(fitted)

    def output_shape(self, raw: jax.ShapeDtypeStruct) -> tuple[int, ...]:
        """Return the shape of an encoded example, for one raw example; nothing is computed.

        Raises:
            ValueError: a stage, which is named, cannot encode an example, or an example has another
                shape in training than in an evaluation.
        """
        shape = raw.shape
        for name, stage in zip(self.names, self.stages, strict=True):
            try:
                shape = infer_output_shape(stage, jax.ShapeDtypeStruct(shape, jnp.float32))
            except Exception as error:  # stages of other packages may raise anything
                raise ValueError(f"{name}: {first_line(error)}") from error
        return shape

    def _replace(self, always: Iterable[str], fitted: Mapping[str, Numbers] | None) -> Self:
        stages = dict(zip(self.names, self.stages, strict=True))
        return type(self)(stages, always=always, fitted=fitted)

    def _encode(
        self,
        x: Num[Array, "batch *raw"],
        applied: frozenset[str],
        key: Key[Array, ""] | None = None,
        index: Int[Array, " batch"] | None = None,
    ) -> Float[Array, "batch *encoded"]:
        """Apply the stages, of the random ones those in `applied`."""
        x = x.astype(jnp.float32)
        for name, stage in zip(self.names, self.stages, strict=True):
            if isinstance(stage, RandomStage) and name in applied:
                index = jnp.arange(len(x)) if index is None else index
                x = jax.vmap(stage)(x, keys_of_examples(name, key, index)).astype(jnp.float32)
            else:
                x = apply_clean(stage, x, (self.fitted or {}).get(name))
        return x


def apply_clean(stage: AnyStage, x: Array, numbers: Numbers | None) -> Array:
    """Return a batch after a stage; a random one is not applied.

    Raises:
        ValueError: the stage has not been fitted.
    """
    if isinstance(stage, FittedStage):
        if numbers is None:
            what = f"{type(stage).__name__} has not been fitted"
            raise ValueError(f"{what}; call `fit` of the pipeline with training inputs")
        return stage(x, numbers).astype(jnp.float32)
    if isinstance(stage, RandomStage):
        return jax.vmap(stage.clean)(x).astype(jnp.float32)
    assert isinstance(stage, Stage)
    return stage(x)


def infer_output_shape(stage: AnyStage, example: jax.ShapeDtypeStruct) -> tuple[int, ...]:
    """Return the shape of one example after a stage; nothing is computed."""
    if isinstance(stage, FittedStage):
        return stage.output_shape(example.shape)
    if isinstance(stage, RandomStage):
        key = jax.eval_shape(lambda: jax.random.key(0))
        applied = jax.eval_shape(stage, example, key).shape
        clean = jax.eval_shape(stage.clean, example).shape
        if applied != clean:
            got = f"got {list(applied)} where it is applied and {list(clean)} where it is not"
            raise ValueError(f"{got}, expected one shape; define `clean`")
        return applied
    batch = example.update(shape=(1, *example.shape))
    return jax.eval_shape(stage, batch).shape[1:]  # type: ignore[arg-type]
