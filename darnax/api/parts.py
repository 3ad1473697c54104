"""`darnax.build`: the parts of a training loop."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from darnax.api.arguments import (
    format_argument,
    require_names,
)
from darnax.api.model import PhasesOfRun
from darnax.builder import build as build_experiment
from darnax.composing.trust import require_granted
from darnax.errors import RequestError
from darnax.laboratory.data_opening import open_data
from darnax.orchestrators import Orchestrator
from darnax.runner.experiment import Experiment
from darnax.runner.programs import ParallelRuns
from darnax.runner.training_loop import count_steps_per_epoch
from darnax.states import State


class Parts(NamedTuple):
    """What a training loop needs; see `darnax.learning.train_step`."""

    network: Orchestrator
    state: State
    phases: PhasesOfRun
    optimizer: optax.GradientTransformation


def build(
    config: Mapping[str, Any],
    *,
    steps_per_epoch: int | None = None,
    trust: Iterable[str] = (),
) -> Parts:
    """Return the network of a configuration before training, its state, phases and optimiser.

    Args:
        config: plain and resolved, as `darnax.compose` returns it.
        steps_per_epoch: for schedules in epochs; by default the data are opened to count them.
        trust: packages whose code the configuration may name, besides darnax and Optax.

    Raises:
        RequestError: names everything that is wrong with the configuration, or it needs a package
            not in `trust`.

    Example:
        >>> import darnax
        >>> config = darnax.compose("+experiment=associations")
        >>> network, state, phases, optimizer = darnax.build(config)
        >>> network.layer_map["w_in"].W.shape, list(phases.infer)
        ((100, 100), ['recall'])
    """
    if not isinstance(config, Mapping):
        what = "expected a configuration, as darnax.compose returns it"
        raise RequestError(f"config: got {type(config).__name__}, {what}")
    steps = steps_per_epoch
    if steps is not None and (type(steps) is not int or steps < 1):
        what = "expected a positive integer"
        raise RequestError(f"steps_per_epoch: got {format_argument(steps)}, {what}")
    # The configuration may be that of a run or a file from anywhere.
    require_granted(config, require_names(trust, "trust"))
    experiment = build_experiment(config)
    steps = steps_in_epoch(experiment) if steps is None else steps
    runs = ParallelRuns([experiment], steps)
    if runs.program.is_stacked:
        what = "got several networks, expected 1; train them with darnax.train"
        raise RequestError(f"runner.replicas: {what}")
    arrays = runs.initial_state().arrays
    network = runs.network(jax.tree.map(jnp.asarray, arrays))
    phases = PhasesOfRun(experiment.train, experiment.infer)
    return Parts(network, experiment.state, phases, experiment.make_optimizer(network, steps))


def steps_in_epoch(experiment: Experiment) -> int:
    """Open the data and return the number of batches of an epoch."""
    dataset = open_data(experiment)
    return count_steps_per_epoch(
        dataset, experiment.data.batch_size, experiment.runner.limit_batches
    )
