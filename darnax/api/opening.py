"""Opens the networks of a run's folder; no data are opened."""

from functools import partial
from pathlib import Path

from darnax.api.model import Model
from darnax.builder import build, describe
from darnax.composing.trust import require_granted
from darnax.diagrams.picture import svg
from darnax.laboratory.machine import with_paths_here
from darnax.laboratory.reopening import on_one_device
from darnax.laboratory.splits import has_validation
from darnax.runner.programs import CompiledPrograms
from darnax.runner.run_folder import RunFolder
from darnax.runner.trained import load_learner

# Steps of an epoch if a run has recorded none: the shapes of an optimiser's state do not depend
# on it.
ANY = 1000


def open_models(path: Path, trusted: frozenset[str], *, best: bool) -> tuple[Model, ...]:
    """Return the network of every replica: with `best` the best by validation, if there is one.

    Raises:
        RequestError: the run has no readable checkpoint, or needs a package not in `trusted`.
    """
    folder = RunFolder.open(path)
    config = folder.config()
    require_granted(config, trusted)
    experiment = on_one_device(build(with_paths_here(config, folder=path), existing=True))
    programs = CompiledPrograms([experiment], steps_per_epoch(folder))
    trained = load_learner(programs, folder, best=best and not chosen_by_test(folder))
    draw = partial(draw_connection_graph, config)
    models = []
    for replica in range(experiment.runner.replicas):
        network = programs.network(trained.learner.arrays, replica)
        models.append(Model(experiment, network, trained.describe(), draw))
    return tuple(models)


def draw_connection_graph(config: dict[str, object]) -> str:
    """Return the connection graph of a configuration as SVG."""
    return svg(describe(config))


def chosen_by_test(folder: RunFolder) -> bool:
    """Return whether best.safetensors was chosen by the test split, as earlier versions did."""
    config = folder.config()
    held_out = config.get("data", {}).get("validation", 0)
    return not held_out and not has_validation(config)


def steps_per_epoch(folder: RunFolder) -> int:
    """Return the steps of an epoch of a run."""
    summary = folder.summary()
    steps, epochs = summary.get("steps"), summary.get("epochs")
    known = isinstance(steps, int) and isinstance(epochs, int | float) and epochs > 0
    return max(1, round(steps / epochs)) if known else ANY  # type: ignore[operator]
