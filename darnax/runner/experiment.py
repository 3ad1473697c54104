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
from darnax.phases import Phases
from darnax.reports.outline import Outline
from darnax.runner.settings import DataSettings, RunnerSettings, TrackingSettings
from darnax.states import State
from darnax.tracking import Tracker


class DataChoice(DataSettings):
    """The section `data`, with objects in the place of their descriptions.

    Args:
        source: an object that returns the dataset, or None for the prepared one called `name`.
        encode: a batch of raw examples -> the values of the input buffer.
        labels: the code from targets to the values of the output buffer, and the score.
        directory: of the prepared datasets.
    """

    source: Any
    encode: Any
    labels: Any
    directory: Path


class TrackingChoice(TrackingSettings):
    """The section `tracking`, with functions that make the trackers.

    Args:
        trackers: name -> a function that makes the tracker, `make(run=TrackedRun)`.
        concurrent: whether runs with these trackers can share a process.
    """

    trackers: Mapping[str, Callable[..., Tracker]]
    concurrent: bool


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
        score: the phase of training that is scored; None is that of `darnax.scoring`.
        outline: returns what the picture of the network shows.
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
    score: str | None = None
    outline: Callable[[], Outline] = Outline
