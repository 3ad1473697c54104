"""Opens the networks of a run's folder; no data are opened."""

import math
from functools import partial
from pathlib import Path

from darnax.api.model import Model
from darnax.builder import build, describe
from darnax.composing.trust import require_granted
from darnax.diagrams.picture import svg
from darnax.laboratory.fitted_encoding import with_stored_encoding
from darnax.laboratory.machine import with_paths_here
from darnax.laboratory.reopening import on_one_device
from darnax.laboratory.splits import has_validation
from darnax.reports.record import number
from darnax.runner.best_checkpoint import best_was_chosen_by_test
from darnax.runner.programs import ParallelRuns
from darnax.runner.run_folder import RunFolder
from darnax.runner.trained_network import load_trained_network

# Used for a run that has recorded no steps. Any number would do: the network and the shapes of the
# optimiser's state do not depend on it.
DEFAULT_STEPS_PER_EPOCH = 1000


def open_models(path: Path, trusted: frozenset[str], *, best: bool) -> tuple[Model, ...]:
    """Return the network of every replica: with `best` the best by validation, if there is one.

    Raises:
        RequestError: the run has no readable checkpoint, or needs a package not in `trusted`.
    """
    folder = RunFolder.open(path)
    config = folder.config()
    require_granted(config, trusted)
    here = with_paths_here(config, folder=path)
    experiment = on_one_device(build(here, existing=True))
    experiment = with_stored_encoding(experiment, folder)
    runs = ParallelRuns([experiment], steps_per_epoch(folder))
    by_test = best_was_chosen_by_test(folder, own_validation=has_validation(here))
    trained = load_trained_network(runs, folder, best=best and not by_test)
    draw = partial(draw_connection_graph, config)
    models = []
    for replica in range(experiment.runner.replicas):
        network = runs.network(trained.train_state.arrays, replica)
        models.append(Model(experiment, network, trained.describe(), draw))
    return tuple(models)


def draw_connection_graph(config: dict[str, object]) -> str:
    """Return the connection graph of a configuration as SVG."""
    return svg(describe(config))


def steps_per_epoch(folder: RunFolder) -> int:
    """Return the steps of an epoch of a run."""
    summary = folder.summary()
    steps, epochs = summary.get("steps"), summary.get("epochs")
    per_epoch = number(steps) / number(epochs) if epochs else math.nan
    # The summary may be from anywhere; the runner counts steps in 32 bits.
    return max(1, round(per_epoch)) if 0 <= per_epoch < 2**31 else DEFAULT_STEPS_PER_EPOCH
