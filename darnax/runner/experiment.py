"""A whole run, as the runner receives it: with objects in the place of their descriptions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optax
from jaxtyping import Array, Key

from darnax.observables import Observable
from darnax.orchestrators import Orchestrator
from darnax.relaxation import Phases
from darnax.runner.settings import DataSettings, RunnerSettings
from darnax.states import State
from darnax.tracking import Tracker


class DataChoice(DataSettings):
    """The settings of the data, with the objects that the builder made.

    Args:
        source: an object that opens the dataset, or None for the prepared one of this name.
        encode: the stages between a raw batch and the input buffer, as one function.
        labels: the code between a class and the output buffer.
        directory: where prepared datasets are.
    """

    source: Any
    encode: Any
    labels: Any
    directory: Path


@dataclass(frozen=True)
class TrackingChoice:
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
    data: DataChoice
    runner: RunnerSettings
    tracking: TrackingChoice
    outputs: Path
    observables: Mapping[str, Callable[[], Observable]] = field(default_factory=dict)
