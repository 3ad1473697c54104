"""A trained run under examination: its network before and after training, and what it does on data."""

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

from darnax.analysis.names import flat, layers
from darnax.data import Dataset, Split
from darnax.learning import run_phases, scores_of
from darnax.orchestrators import Orchestrator
from darnax.relaxation import PhaseResult, Phases
from darnax.runner import checkpoint
from darnax.runner.best import chosen_by_test
from darnax.runner.experiment import Experiment
from darnax.runner.manifest import RunMeta
from darnax.runner.programs import EVALUATION_BATCH, CompiledPrograms
from darnax.runner.run_folder import RunFolder
from darnax.runner.trained import Trained, load_learner
from darnax.states import State

KEY = 0  # of the noise, as in every evaluation


class Sample(NamedTuple):
    """Encoded inputs and labels of a few examples, and the class of each; all are of class 0 where there are no classes."""

    x: Array
    y: Array
    classes: NDArray[np.integer]


class Inference(NamedTuple):
    """What inference makes of a batch: states (batch, units) by buffer, scores, and the targets as they came and encoded."""

    buffers: Mapping[str, NDArray[np.float32]]
    scores: NDArray[np.float32]
    targets: NDArray[Any]
    y: NDArray[np.float32]


@dataclass(frozen=True)
class TrainedRun:
    """A run, its data, and how many test examples the measures look at; of several replicas, the first is examined."""

    experiment: Experiment
    dataset: Dataset
    folder: RunFolder
    programs: CompiledPrograms
    examples: int

    @cached_property
    def before(self) -> Orchestrator:
        """The network as training began: its seed says all of it."""
        return self.network(self.programs.start(self.programs.keys()).arrays)

    @cached_property
    def trained(self) -> Trained:
        """The best network on the validation split, or else the last, and its checkpoint."""
        best = not chosen_by_test(self.folder, self.experiment.data, self.dataset)
        return load_learner(self.programs, self.folder, best=best)

    @cached_property
    def after(self) -> Orchestrator:
        """The network of that checkpoint."""
        return self.network(self.trained.learner.arrays)

    def checkpoints(self) -> Iterator[tuple[str, int, Orchestrator]]:
        """Yield name, step and network: the start, and every checkpoint there is, by step."""
        yield "start", 0, self.before
        like = self.programs.like()
        paths = checkpoint.whole(self.folder.checkpoints.glob("*.safetensors"), RunMeta)
        loaded = [(path.stem, *checkpoint.load(path, like, RunMeta)) for path in paths]
        for name, learner, meta in sorted(loaded, key=lambda saved: saved[2]["step"]):
            yield name, meta["step"], self.network(learner.arrays)

    def network(self, arrays: Any) -> Orchestrator:
        """Return the network that has these arrays, or those of the first replica."""
        return self.programs.network(arrays)

    @cached_property
    def sample(self) -> Sample:
        """The first test examples, as many as are to be looked at."""
        window = next(self.dataset.test.windows(None))
        count = min(window.count, self.examples)
        x, y = self.encode(window.inputs[:count], window.targets[:count])
        classes = (
            np.asarray(window.targets[:count]) if self.dataset.class_names else np.zeros(count, int)
        )
        return Sample(x, y, classes)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes in the sample."""
        return self.dataset.class_names or ("all",)

    def encode(self, inputs: Array, targets: Array) -> tuple[Array, Array]:
        """Return what the input and the output buffer are shown."""
        data = self.experiment.data
        return data.encode(inputs), data.labels.encode(targets, data.classes)

    def ends(self, network: Orchestrator) -> dict[str, PhaseResult]:
        """Return the end of every phase, for the sample: those of training with its labels, and of inference without."""
        trained = run_all_phases(
            network, self.experiment.state.init(self.sample.x, self.sample.y), self.experiment.train
        )
        inferred = run_all_phases(
            network, self.experiment.state.init(self.sample.x), self.experiment.infer
        )
        return trained | {f"inference: {name}": end for name, end in inferred.items()}

    def read(self, split: Split, at_most: int | None = None) -> Iterator[Inference]:
        """Yield what inference makes of the examples of a split, batch by batch."""
        names = {0: "input"} | layers(self.after)
        left = len(split) if at_most is None else at_most
        for window in split.windows(None):
            for first in range(0, min(window.count, left), EVALUATION_BATCH):
                chosen = slice(first, min(first + EVALUATION_BATCH, window.count, left))
                x, y = self.encode(window.inputs[chosen], window.targets[chosen])
                *_, end = run_all_phases(
                    self.after, self.experiment.state.init(x), self.experiment.infer
                ).values()
                buffers = {name: flat(end.state, i) for i, name in names.items()}
                scores = np.asarray(scores_of(self.after, end))
                yield Inference(
                    buffers,
                    scores,
                    np.asarray(window.targets[chosen]),
                    np.asarray(y).reshape(len(y), -1),
                )
            left -= window.count
            if left <= 0:
                return

    def score(self, scores: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return per example how right a readout is, as the run itself counts it."""
        return np.asarray(
            self.experiment.data.labels.score(
                jnp.asarray(scores), jnp.asarray(y).reshape(scores.shape)
            )
        )


@eqx.filter_jit
def run_all_phases(
    network: Orchestrator, state: State, phases: Phases
) -> OrderedDict[str, PhaseResult]:
    """Return every phase at its end, in order: a plain dict leaves a compiled program with its keys sorted."""
    return OrderedDict(run_phases(network, state, phases, jax.random.key(KEY)))
