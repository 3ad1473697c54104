"""What a run computes: its numbers are traced, everything else is the structure of the computation.

Runs that differ in numbers alone have programs of one structure, and share what JAX compiled.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh
from jaxtyping import Array, Float, Int, Key, PyTree

from darnax.data.labels import Labels, encode_targets
from darnax.data.pipeline import Pipeline
from darnax.learning import evaluate_step, init_optimizer, train_step
from darnax.observables import Metrics, Observable
from darnax.operations import Operations, count_operations
from darnax.orchestrators import Orchestrator
from darnax.phases import Phases
from darnax.runner.devices import BATCH_AXIS
from darnax.runner.experiment import Experiment
from darnax.states import State


class TrainState(NamedTuple):
    """What training changes: the arrays of the network, and the state of the optimiser."""

    arrays: Any
    opt_state: PyTree


class TrainProgram(eqx.Module):
    """How to draw a network, train it on a batch, and evaluate it on one.

    The leaves of this pytree are the numbers of a run; its static fields are the structure. The
    program of several runs is the program of one with a leading axis on every leaf (`is_stacked`);
    `vmap_over_runs` maps a function over that axis.
    """

    make_network: Callable[[Key[Array, ""]], Orchestrator]
    make_optimizer: Callable[[Orchestrator, int], optax.GradientTransformation]
    state: State
    observables: Mapping[str, Callable[[], Observable]]
    train: Phases
    infer: Phases
    # The encoding of inputs and that of labels are objects of the user's data: only their arrays
    # are leaves, everything else in them is part of the structure.
    encoder_arrays: Any
    encoder_static: Any = eqx.field(static=True)
    score: str | None = eqx.field(static=True)
    classes: int = eqx.field(static=True)
    batch_size: int = eqx.field(static=True)
    steps_per_epoch: int = eqx.field(static=True)
    measure_every: int = eqx.field(static=True)
    mesh: Mesh | None = eqx.field(static=True)
    is_stacked: bool = eqx.field(static=True)

    def __init__(
        self, experiment: Experiment, steps_per_epoch: int, mesh: Mesh | None, *, is_stacked: bool
    ) -> None:
        data = experiment.data
        factories = (
            experiment.make_network,
            experiment.make_optimizer,
            experiment.state,
            dict(experiment.observables),
            experiment.train,
            experiment.infer,
        )
        # jit traces a Python number and an array as different types: with arrays everywhere, runs
        # that write the same number in different ways share their compiled programs.
        numbers = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), factories)
        self.make_network, self.make_optimizer, self.state, self.observables = numbers[:4]
        self.train, self.infer = numbers[4:]
        encoders = (data.encode, data.labels)
        self.encoder_arrays, self.encoder_static = eqx.partition(encoders, eqx.is_array)
        self.score = experiment.score
        self.classes, self.batch_size = data.classes, data.batch_size
        self.measure_every = experiment.runner.measure_every
        self.steps_per_epoch, self.mesh, self.is_stacked = steps_per_epoch, mesh, is_stacked

    @classmethod
    def stack(
        cls, experiments: Sequence[Experiment], steps_per_epoch: int, mesh: Mesh | None
    ) -> Self:
        """Return the program of one experiment, or of several that differ in numbers alone."""
        is_stacked = len(experiments) > 1
        programs = [cls(each, steps_per_epoch, mesh, is_stacked=is_stacked) for each in experiments]
        if not is_stacked:
            return programs[0]
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *programs)

    def vmap_over_runs(self, function: Callable[..., Any], in_axes: Any = 0) -> Callable[..., Any]:
        """Return `function` mapped over the runs of a stacked program, or `function` itself."""
        # One run is no stack of one: vmap changes the order of summation, and so the last bits.
        return jax.vmap(function, in_axes) if self.is_stacked else function

    @property
    def encode(self) -> Pipeline:
        """The encoding: raw examples -> input buffer."""
        return eqx.combine(self.encoder_arrays, self.encoder_static)[0]

    @property
    def labels(self) -> Labels:
        """The label code: targets -> output buffer."""
        return eqx.combine(self.encoder_arrays, self.encoder_static)[1]

    @property
    def score_name(self) -> str:
        """The name that the label code gives its score."""
        return self.labels.score_name

    def network(self, arrays: Any) -> Orchestrator:
        """Return the network with these arrays."""
        key = jax.eval_shape(lambda: jax.random.key(0))
        # Everything in a network but its arrays follows from the configuration, so it is taken
        # from an abstract network, for which nothing is drawn.
        abstract = eqx.filter_eval_shape(self.make_network, key)
        is_abstract_array = lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct)  # noqa: E731
        return eqx.combine(arrays, eqx.filter(abstract, is_abstract_array, inverse=True))

    def optimizer(self, network: Orchestrator) -> optax.GradientTransformation:
        """Return the optimiser of `network`."""
        return self.make_optimizer(network, self.steps_per_epoch)

    def initialise(self, key: Key[Array, ""]) -> TrainState:
        """Draw a network, and return it with the first state of its optimiser."""
        network = self.make_network(key)
        opt_state = init_optimizer(network, self.optimizer(network), self.train)
        return TrainState(eqx.filter(network, eqx.is_array), opt_state)

    def encode_batch(
        self,
        inputs: Array,
        targets: Array,
        index: Int[Array, " batch"],
        key: Key[Array, ""] | None = None,
        first: Array | None = None,
    ) -> tuple[Float[Array, "batch *in"], Float[Array, "batch *out"]]:
        """Return the values of the input and of the output buffer for the examples at `index`.

        Args:
            inputs: of a window.
            targets: of the same window.
            index: of the examples in the window.
            key: of the training step; None in an evaluation.
            first: the position of the window in its split; None if it is 0 or has no effect.
        """
        raw, encode = inputs[index], self.encode
        x = encode(raw, key, index if first is None else first + index)
        y = encode_targets(self.labels, self.classes, encode, raw, targets[index])
        # Without the barrier the compiler repeats the encoding wherever the batch is read.
        return jax.lax.optimization_barrier((x, y))

    def encode_clean(
        self, inputs: Array, index: Int[Array, " batch"]
    ) -> Float[Array, "batch *in"] | None:
        """Return the values of the input buffer without random stages; None if no phase asks."""
        if all(phase.input != "clean" for phase in self.train.values()):
            return None
        return self.encode.clean(inputs[index])

    def step(
        self,
        train_state: TrainState,
        x: Float[Array, "batch *in"],
        y: Float[Array, "batch *out"],
        key: Key[Array, ""],
        clean: Float[Array, "batch *in"] | None = None,
        measures: bool = True,
    ) -> tuple[TrainState, Metrics, Float[Array, " checks"]]:
        """Train on one encoded batch, or on the part of it that this device has.

        Returns:
            The state after the step, the metrics of the whole batch, and the numbers of
            `numeric_checks.finite_checks`.
        """
        network = self.network(train_state.arrays)
        axis = BATCH_AXIS if self.mesh else None
        output = train_step(
            network,
            self.optimizer(network),
            train_state.opt_state,
            self.state,
            self.train,
            x,
            y,
            key,
            axis,
            {name: make() for name, make in self.observables.items()},
            clean=clean,
            score=self.score,
            measures=measures,
        )
        metrics = output.metrics
        # None if every phase has seen the label: then there is no honest score to log.
        if output.scores is not None:
            score = jnp.mean(self.labels.score(output.scores, y))
            if axis is not None:
                score = jax.lax.pmean(score, axis)
            metrics |= {f"train/{self.score_name}": score}
        arrays = eqx.filter(output.network, eqx.is_array)
        return TrainState(arrays, output.opt_state), metrics, output.sizes

    def evaluate_batch(
        self,
        arrays: Any,
        inputs: Array,
        targets: Array,
        index: Int[Array, " batch"],
        first: Array | None = None,
    ) -> tuple[Float[Array, " batch"], Int[Array, " batch"]]:
        """Return, for each example at `index`, the score and the index of the largest output.

        The score is NaN where an input or an output is NaN or infinite. `first` is the position of
        the window in its split, as for `encode_batch`.
        """
        x, y = self.encode_batch(inputs, targets, index, first=first)
        # The same key in every evaluation: scores of one network must not depend on when it was
        # evaluated.
        scores = evaluate_step(self.network(arrays), self.state, self.infer, x, jax.random.key(0))
        outputs = scores.reshape(len(index), -1)
        # argmax of NaN is a class like any other, so a broken network would get a score.
        finite_outputs = jnp.isfinite(outputs).all(axis=1)
        finite_inputs = jnp.isfinite(x.reshape(len(index), -1)).all(axis=1)
        score = self.labels.score(scores, y)
        score = jnp.where(finite_outputs & finite_inputs, score, jnp.nan)
        return score, jnp.argmax(outputs, axis=1)

    def count_operations(self, arrays: Any, inputs: Array, targets: Array) -> Operations:
        """Return the synaptic operations of an inference, as a mean over the examples."""
        x, _ = self.encode_batch(inputs, targets, jnp.arange(len(targets)))
        state, key = self.state.init(x), jax.random.key(0)
        return count_operations(self.network(arrays), state, self.infer, key)
