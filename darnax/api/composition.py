"""`darnax.compose` and `darnax.build`: from words to a configuration, and from that to the parts of one's own loop."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from darnax.api.model import PhasesOfRun
from darnax.builder import build as build_experiment
from darnax.errors import RequestError
from darnax.files import expand_user
from darnax.laboratory.data_opening import open_data
from darnax.laboratory.machine import compose_here
from darnax.orchestrators import Orchestrator
from darnax.runner.experiment import Experiment
from darnax.runner.programs import CompiledPrograms
from darnax.runner.train import steps_of
from darnax.states import State


class Parts(NamedTuple):
    """What a training loop needs; see `darnax.learning.train_step`."""

    network: Orchestrator
    state: State
    phases: PhasesOfRun
    optimizer: optax.GradientTransformation


def compose(*overrides: str, config: Any = None) -> dict[str, Any]:
    """Return the configuration that the words of the command line describe, with every reference resolved.

    Args:
        overrides: as `darnax.train` takes them.
        config: a run, or the config.yaml of one, to start from instead of the default configuration.

    Raises:
        RequestError: names every override that does not fit.

    Example:
        >>> import darnax
        >>> darnax.compose("+experiment=mnist_chain", "seed=3")["seed"]
        3
    """
    return compose_here(overrides, file_of(config)).resolved


def build(config: Mapping[str, Any], *, steps_per_epoch: int | None = None) -> Parts:
    """Return the network of a configuration as training begins, its state, its phases and its optimiser.

    Args:
        config: plain and resolved, as `darnax.compose` returns it.
        steps_per_epoch: for schedules whose lengths are numbers of epochs; by default the data are opened to count them.

    Raises:
        RequestError: names everything that is wrong with the configuration.

    Example:
        >>> import darnax
        >>> parts = darnax.build(darnax.compose("+experiment=mnist_chain"), steps_per_epoch=1000)
        >>> list(parts.phases.infer), parts.network.layer_map["w_in"].W.shape
        (['warmup', 'recall'], (784, 100))
    """
    experiment = build_experiment(config)
    steps = steps_in_epoch(experiment) if steps_per_epoch is None else steps_per_epoch
    programs = CompiledPrograms([experiment], steps)
    if programs.recipe.lanes:
        raise RequestError(
            "runner.replicas: got several networks, expected 1; train them with darnax.train"
        )
    arrays = programs.start(programs.keys()).arrays
    network = programs.network(jax.tree.map(jnp.asarray, arrays))
    phases = PhasesOfRun(experiment.train, experiment.infer)
    return Parts(network, experiment.state, phases, experiment.make_optimizer(network, steps))


def steps_in_epoch(experiment: Experiment) -> int:
    """Return the number of batches of an epoch; the data are opened."""
    dataset = open_data(experiment)
    return steps_of(dataset, experiment.data.batch_size, experiment.runner.limit_batches)


def file_of(config: Any) -> Path | None:
    """Return the file of a configuration that a function was given: a path, or a run."""
    if config is None:
        return None
    if hasattr(config, "folder"):
        return Path(config.folder) / "config.yaml"
    if isinstance(config, str | Path):
        return expand_user(str(config))
    raise RequestError(
        f"config: got {type(config).__name__}, expected a run or the path of a config.yaml"
    )
