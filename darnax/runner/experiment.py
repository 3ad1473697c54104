"""The description of a whole run: one frozen dataclass, which the builder makes.

Everything in it is an object that is ready to use; names of the configuration are resolved.
"""

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

MEMORY_GIB = 2.0  # the default of `data.memory_gib`


@dataclass(frozen=True)
class DataSettings:
    """The section `data`: which dataset, in which batches, with which encoding.

    Args:
        name: of the dataset.
        shape: of one encoded input.
        classes: their number.
        batch_size: examples of one step.
        validation: number of training examples that are kept out of training for validation; 0 if
            the dataset has a validation split, or to train on all examples.
        per_class: train on so many examples of each class; None is all.
        only_classes: train and test on these classes alone; None is all.
        memory_gib: a decoded dataset above this size is read from disk during training.
        source: an object that returns the dataset, or None for the prepared one called `name`.
        encode: a batch of raw examples -> the values of the input buffer.
        labels: the code from targets to the values of the output buffer, and the score.
        directory: of the prepared datasets.
        test: number of training examples that are kept for testing, if there is no test split.
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
    """The section `runner`: length, intervals and replicas.

    Args:
        epochs: passes over the training set.
        evaluate_every: epochs between two evaluations on the validation split.
        checkpoint_every: epochs between two checkpoints.
        keep: number of the newest checkpoints that stay.
        keep_every: those of multiples of so many epochs stay as well; None is no others.
        replicas: networks trained side by side, with successive seeds.
        devices: that share every batch; None is all that there are.
        limit_batches: ends every epoch after so many batches; None is never.
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
    """The section `tracking`: where metrics go besides metrics.jsonl.

    Args:
        console: whether progress is shown.
        show: metrics that are shown with it, besides the accuracies.
        trackers: name -> a function that makes the tracker, `make(run=TrackedRun)`.
        concurrent: whether runs with these trackers can share a process.
    """

    console: bool
    show: tuple[str, ...] = ()
    trackers: Mapping[str, Callable[..., Tracker]] = field(default_factory=dict)
    concurrent: bool = True


@dataclass(frozen=True)
class Experiment:
    """A whole run.

    The factories, `state` and the two encodings in `data` are pytrees of the numbers in them:
    experiments that differ in these numbers alone share their compiled programs.

    Args:
        name: outputs go to `outputs/<name>/`.
        seed: determines weights, shuffles and noise.
        config: the resolved configuration, for the record only.
        make_network: key -> network; may be traced (`jit`, `vmap`, `eval_shape`). The key of each
            module follows from this key and the module's name alone.
        state: of the network, with a batch of 1; `state.init(x, y)` makes others.
        train: the phases of a training step, by name, in order.
        infer: the phases of inference, by name, in order.
        make_optimizer: (network or its abstract shape, steps per epoch) -> the optimiser for
            `learning.init_optimizer`.
        data: the section `data`.
        runner: the section `runner`.
        tracking: the section `tracking`.
        outputs: the folder of all runs.
        observables: name -> a function that makes the observable.
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
