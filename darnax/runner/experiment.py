"""One frozen dataclass = the whole run, as the runner receives it: nothing in it is still a word to be looked up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optax
from jaxtyping import Array, Key

from darnax.observables import Observable
from darnax.orchestrators import Orchestrator
from darnax.relaxation import Phases
from darnax.states import State
from darnax.tracking import Tracker

MEMORY_GIB = 2.0  # of a decoded set, where nothing else is said


@dataclass(frozen=True)
class DataSettings:
    """What is learnt, in which batches and code.

    Args:
        name: of the dataset.
        shape: of one encoded input.
        classes: number of them.
        batch_size: examples of one step.
        validation: number of training examples that are kept out of training, to choose by; 0 where
            the data bring a validation split of their own beside test, or to train on all.
        test: number of training examples that are kept for testing, of a set without a test split.
        per_class: train on so many examples of each class; None is all.
        only_classes: train and test on these alone; None is all.
        memory_gib: a decoded set above it is read from disk while training.
        source: an object that stands for the dataset, or None for the prepared one of this name.
        encode: the stages between a raw batch and the input buffer, as one function.
        labels: the code between a class and the output buffer.
        directory: where prepared datasets live.
    """

    name: str
    shape: tuple[int, ...]
    classes: int
    batch_size: int
    validation: int
    per_class: int | None
    only_classes: tuple[int, ...] | None
    memory_gib: float
    source: Any
    encode: Any
    labels: Any
    directory: Path
    test: int = 0


@dataclass(frozen=True)
class RunnerSettings:
    """How long, how often, how many, on how many devices (None: all).

    `keep` checkpoints stay, and those of every `keep_every` epochs (None: no others); `limit_batches` ends every epoch early.
    """

    epochs: int
    evaluate_every: int
    checkpoint_every: int
    keep: int
    keep_every: int | None
    replicas: int
    devices: int | None
    limit_batches: int | None


@dataclass(frozen=True)
class TrackingSettings:
    """Where the numbers go besides metrics.jsonl.

    Args:
        console: whether progress is shown.
        show: the metrics that are shown with it, besides the accuracies.
        trackers: by name, what makes each: `make(run=TrackedRun)`.
        concurrent: whether runs with these trackers can share a process.
    """

    console: bool
    show: tuple[str, ...] = ()
    trackers: Mapping[str, Callable[..., Tracker]] = field(default_factory=dict)
    concurrent: bool = True


@dataclass(frozen=True)
class Experiment:
    """A whole run, ready to start.

    Args:
        name: outputs go to `outputs/<name>/`.
        seed: weights, shuffles and noise all follow from it.
        config: the resolved configuration that says the same in words; for the record only.
        make_network: key -> network; may be traced (`jit`, `vmap`, `eval_shape`). Each module's key follows from the run's key
            and the module's name alone. A pytree of the numbers in it, as `make_optimizer`, `state` and the two codes of
            `data` are: experiments that differ in these alone share their compiled programs.
        state: of the network, with a batch of 1; `state.init(x, y)` makes others.
        train, infer: the phases of one step, by name, in order.
        make_optimizer: (network, or its abstract shape; steps per epoch) -> the optimiser for `learning.init_optimizer`.
        data, runner, tracking: the choices of these sections.
        outputs: the folder of all runs.
        observables: by name, what makes each; pytrees of their numbers, as `make_network` is.
    """

    name: str
    seed: int
    config: Mapping[str, Any]
    make_network: Callable[[Key[Array, ""]], Orchestrator]
    state: State
    train: Phases
    infer: Phases
    make_optimizer: Callable[[Orchestrator, int], optax.GradientTransformation]
    data: DataSettings
    runner: RunnerSettings
    tracking: TrackingSettings
    outputs: Path
    observables: Mapping[str, Callable[[], Observable]] = field(default_factory=dict)
