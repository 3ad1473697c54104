"""What a run computes, with its numbers apart: runs that differ in numbers alone share their compiled programs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh
from jaxtyping import Array, Int, Key, PyTree

from darnax.data.encodings import Stage
from darnax.data.labels import Labels
from darnax.learning import evaluate_step, init_optimizer, train_step
from darnax.observables import Metrics, Observable
from darnax.orchestrators import Orchestrator
from darnax.relaxation import Phases
from darnax.runner.devices import BATCH
from darnax.runner.experiment import Experiment
from darnax.states import State


class TrainState(NamedTuple):
    """What training changes: the arrays of the network, and the optimiser's state."""

    arrays: Any
    opt_state: PyTree


class TrainProgram(eqx.Module):
    """How to draw a network, train it on a batch, and ask it: its leaves are numbers, all else is the shape of the computation.

    With lanes, several runs are computed side by side, and every leaf has a leading axis of them.
    """

    make_network: Callable[[Key[Array, ""]], Orchestrator]
    make_optimizer: Callable[[Orchestrator, int], optax.GradientTransformation]
    state: State
    observables: Mapping[str, Callable[[], Observable]]
    codes: Any  # the arrays of the encoding and of the label code; all else in them counts as shape
    shape_of_codes: Any = eqx.field(static=True)
    train: Phases = eqx.field(static=True)
    infer: Phases = eqx.field(static=True)
    classes: int = eqx.field(static=True)
    batch_size: int = eqx.field(static=True)
    steps_per_epoch: int = eqx.field(static=True)
    mesh: Mesh | None = eqx.field(static=True)
    lanes: bool = eqx.field(static=True)

    def __init__(
        self, experiment: Experiment, steps_per_epoch: int, mesh: Mesh | None, *, lanes: bool
    ) -> None:
        numbers = jax.tree.map(
            lambda leaf: jnp.asarray(leaf, jnp.float32),
            (
                experiment.make_network,
                experiment.make_optimizer,
                experiment.state,
                dict(experiment.observables),
            ),
        )
        self.make_network, self.make_optimizer, self.state, self.observables = numbers
        self.codes, self.shape_of_codes = eqx.partition(
            (experiment.data.encode, experiment.data.labels), eqx.is_array
        )
        self.train, self.infer = experiment.train, experiment.infer
        self.classes, self.batch_size = experiment.data.classes, experiment.data.batch_size
        self.steps_per_epoch, self.mesh, self.lanes = steps_per_epoch, mesh, lanes

    @classmethod
    def of(cls, experiments: Sequence[Experiment], steps_per_epoch: int, mesh: Mesh | None) -> Self:
        """Return the recipe of one experiment, or of several that differ in numbers alone, one per lane."""
        lanes = len(experiments) > 1
        recipes = [cls(each, steps_per_epoch, mesh, lanes=lanes) for each in experiments]
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *recipes) if lanes else recipes[0]

    def across(self, function: Callable[..., Any], in_axes: Any = 0) -> Callable[..., Any]:
        """Return `function` over all lanes; over the one run as it is."""
        return jax.vmap(function, in_axes) if self.lanes else function

    @property
    def encode(self) -> Stage:
        """From raw examples to the input buffer."""
        return eqx.combine(self.codes, self.shape_of_codes)[0]

    @property
    def labels(self) -> Labels:
        """From targets to the output buffer."""
        return eqx.combine(self.codes, self.shape_of_codes)[1]

    @property
    def score_name(self) -> str:
        """The name of the label code's score."""
        return self.labels.score_name

    def network(self, arrays: Any) -> Orchestrator:
        """Return the network that has these arrays."""
        abstract = eqx.filter_eval_shape(
            self.make_network, jax.eval_shape(lambda: jax.random.key(0))
        )
        return eqx.combine(
            arrays, eqx.filter(abstract, lambda leaf: not isinstance(leaf, jax.ShapeDtypeStruct))
        )

    def optimizer(self, network: Orchestrator) -> optax.GradientTransformation:
        """Return the optimiser of `network`."""
        return self.make_optimizer(network, self.steps_per_epoch)

    def start(self, key: Key[Array, ""]) -> TrainState:
        """Draw a network."""
        network = self.make_network(key)
        return TrainState(
            eqx.filter(network, eqx.is_array),
            init_optimizer(network, self.optimizer(network), self.train),
        )

    def batch(
        self, inputs: Array, targets: Array, index: Int[Array, " batch"]
    ) -> tuple[Array, Array]:
        """Encode the examples at `index`."""
        # Encoded once: left alone, the compiler encodes anew wherever the batch is read.
        return jax.lax.optimization_barrier(
            (self.encode(inputs[index]), self.labels.encode(targets[index], self.classes))
        )

    def step(
        self, learner: TrainState, x: Array, y: Array, key: Key[Array, ""]
    ) -> tuple[TrainState, Metrics, Array]:
        """Train on a batch, or on this device's part of it; return the learner, the metrics and the sizes of the step."""
        network = self.network(learner.arrays)
        axis = BATCH if self.mesh else None
        optimizer = self.optimizer(network)
        learnt = train_step(
            network,
            optimizer,
            learner.opt_state,
            self.state,
            self.train,
            x,
            y,
            key,
            axis,
            {name: make() for name, make in self.observables.items()},
        )
        metrics = learnt.metrics
        if learnt.scores is not None:  # of a state that has not seen the label
            score = jnp.mean(self.labels.score(learnt.scores, y))
            metrics |= {
                f"train/{self.score_name}": score if axis is None else jax.lax.pmean(score, axis)
            }
        return (
            TrainState(eqx.filter(learnt.network, eqx.is_array), learnt.opt_state),
            metrics,
            learnt.sizes,
        )

    def answer(
        self, arrays: Any, inputs: Array, targets: Array, index: Int[Array, " batch"]
    ) -> tuple[Array, Array]:
        """Return, per example at `index`, the score (nan without numbers) and the largest output."""
        x, y = self.batch(inputs, targets, index)
        scores = evaluate_step(self.network(arrays), self.state, self.infer, x, jax.random.key(0))
        outputs = scores.reshape(len(index), -1)
        sound = jnp.isfinite(outputs).all(axis=1) & jnp.isfinite(x.reshape(len(index), -1)).all(
            axis=1
        )
        return jnp.where(sound, self.labels.score(scores, y), jnp.nan), jnp.argmax(outputs, axis=1)
