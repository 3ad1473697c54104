"""A trained run as the object of measures: its network before and after training, on data."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from darnax.analysis.names import flatten, layers
from darnax.data import Dataset, Split
from darnax.data.labels import encode_targets
from darnax.learning import scores_of
from darnax.orchestrators import Orchestrator
from darnax.phases import Phases
from darnax.relaxation import PhaseResult
from darnax.runner import checkpoint
from darnax.runner.best_checkpoint import best_was_chosen_by_test, has_own_validation
from darnax.runner.experiment import Experiment
from darnax.runner.manifest import RunMeta
from darnax.runner.programs import EVALUATION_BATCH, ParallelRuns
from darnax.runner.run_folder import RunFolder
from darnax.runner.trained_network import TrainedNetwork, load_trained_network
from darnax.schedule import run_phases
from darnax.states import State

KEY = 0  # seed of the noise, as in every evaluation


class Sample(NamedTuple):
    """Encoded inputs and labels of a few examples, and the class of each (0 without classes).

    `clean` are the inputs without random stages, for phases of training with `input: clean`.
    """

    x: Array
    y: Array
    clean: Array
    classes: NDArray[np.integer]


class Inference(NamedTuple):
    """The result of inference on a batch: final states (batch, units) by buffer, and scores.

    `targets` are those of the dataset, `y` the same as the network's labels.
    """

    buffers: Mapping[str, NDArray[np.float32]]
    scores: NDArray[np.float32]
    targets: NDArray[Any]
    y: NDArray[np.float32]


@dataclass(frozen=True)
class TrainedRun:
    """A run, its data, and the number of test examples in `sample`; of replicas, the first one."""

    experiment: Experiment
    dataset: Dataset
    folder: RunFolder
    runs: ParallelRuns
    examples: int

    @cached_property
    def before(self) -> Orchestrator:
        """The network at the start of training, made again from its seed."""
        return self.network(self.runs.initial_state().arrays)

    @cached_property
    def trained(self) -> TrainedNetwork:
        """The best network on the validation split, or else the last, and its checkpoint."""
        own_validation = has_own_validation(self.experiment.data, self.dataset)
        by_test = best_was_chosen_by_test(self.folder, own_validation=own_validation)
        return load_trained_network(self.runs, self.folder, best=not by_test)

    @cached_property
    def after(self) -> Orchestrator:
        """The network of that checkpoint."""
        return self.network(self.trained.train_state.arrays)

    def checkpoints(self) -> Iterator[tuple[str, int, Orchestrator]]:
        """Yield name, step and network of the start and of every checkpoint, by step."""
        yield "start", 0, self.before
        like = self.runs.abstract_state()
        paths = checkpoint.skip_damaged(self.folder.checkpoints.glob("*.safetensors"), RunMeta)
        loaded = [(path.stem, *checkpoint.load(path, like, RunMeta)) for path in paths]
        for name, train_state, meta in sorted(loaded, key=lambda saved: saved[2]["step"]):
            yield name, meta["step"], self.network(train_state.arrays)

    def network(self, arrays: Any) -> Orchestrator:
        """Return the network with these arrays, or with those of the first replica."""
        return self.runs.network(arrays)

    @cached_property
    def sample(self) -> Sample:
        """The first `examples` test examples."""
        window = next(self.dataset.test.windows(None))
        count = min(window.count, self.examples)
        inputs, targets = window.inputs[:count], window.targets[:count]
        x, y = self.encode(inputs, targets)
        clean = self.experiment.data.encode.clean(inputs)
        classes = np.asarray(targets) if self.dataset.class_names else np.zeros(count, int)
        return Sample(x, y, clean, classes)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes in the sample."""
        return self.dataset.class_names or ("all",)

    def encode(self, inputs: Array, targets: Array, first: int = 0) -> tuple[Array, Array]:
        """Return the values of the input and of the output buffer, as in an evaluation.

        `first` is the position of the first example in its split.
        """
        data = self.experiment.data
        x = data.encode(inputs, index=first + jnp.arange(len(inputs)))
        return x, encode_targets(data.labels, data.classes, data.encode, inputs, targets)

    def ends(self, network: Orchestrator) -> dict[str, PhaseResult]:
        """Return the end of every phase for the sample: of training with labels, then of inference.

        Phases of inference, which run without labels, are named `inference: <name>`.
        """
        state, (x, y, clean, _) = self.experiment.state, self.sample
        trained = run_all_phases(network, state.init(x, y), self.experiment.train, clean)
        inferred = run_all_phases(network, state.init(x), self.experiment.infer)
        return trained | {f"inference: {name}": end for name, end in inferred.items()}

    def read(self, split: Split, at_most: int | None = None) -> Iterator[Inference]:
        """Yield the result of inference on the examples of a split, batch by batch."""
        total = len(split) if at_most is None else at_most
        start = 0  # of the window in its split
        for window in split.windows(None):
            count = min(window.count, total - start)
            for first in range(0, count, EVALUATION_BATCH):
                chosen = slice(first, min(first + EVALUATION_BATCH, count))
                batch = window.inputs[chosen], window.targets[chosen]
                yield self.infer(*batch, first=start + first)
            start += window.count
            if start >= total:
                return

    def infer(self, inputs: Array, targets: Array, first: int = 0) -> Inference:
        """Return the result of inference on a batch of raw examples, from position `first` on."""
        x, y = self.encode(inputs, targets, first)
        ends = run_all_phases(self.after, self.experiment.state.init(x), self.experiment.infer)
        *_, end = ends.values()
        names = {0: "input"} | layers(self.after)
        buffers = {name: flatten(end.state, i) for i, name in names.items()}
        scores = np.asarray(scores_of(self.after, end))
        return Inference(buffers, scores, np.asarray(targets), np.asarray(y).reshape(len(y), -1))

    def score(self, scores: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the score of each example, with the definition that the run itself uses."""
        labels = jnp.asarray(y).reshape(scores.shape)
        return np.asarray(self.experiment.data.labels.score(jnp.asarray(scores), labels))


@eqx.filter_jit
def run_all_phases(
    network: Orchestrator, state: State, phases: Phases, clean: Array | None = None
) -> OrderedDict[str, PhaseResult]:
    """Return the name -> the end of every phase, in order.

    `clean` is the input of phases with `input: clean`; by default that of `state`.
    """
    # A plain dict would be returned from the compiled function with its keys sorted.
    return OrderedDict(run_phases(network, state, phases, jax.random.key(KEY), clean))
