"""Reopens a trained run to evaluate or analyse it: its experiment, its data and its programs."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from darnax.laboratory.compilation_cache import keep_compiled_programs
from darnax.laboratory.data_opening import open_data
from darnax.laboratory.display import SILENT, Display
from darnax.laboratory.disturbing import apply_overridden_stages
from darnax.laboratory.evaluated_examples import open_evaluated
from darnax.laboratory.fitted_encoding import with_stored_encoding
from darnax.printing import printable

if TYPE_CHECKING:
    from darnax.analysis.trained_run import TrainedRun
    from darnax.data import Dataset
    from darnax.runner.evaluate import Evaluation
    from darnax.runner.experiment import Experiment
    from darnax.runner.programs import ParallelRuns
    from darnax.runner.run_folder import RunFolder
    from darnax.runner.trained_network import TrainedNetwork

CHOSEN_BY_TEST = (
    "best.safetensors was chosen by the test images, as in earlier versions; "
    "the last network is used instead"
)
INFERENCE = "dynamics.infer"
logger = logging.getLogger(__name__)


def evaluate(path: Path, overrides: Sequence[str], display: Display = SILENT) -> "Evaluation":
    """Evaluate the network of a run on the test split, after overrides of data or inference."""
    from darnax.runner.evaluate import evaluate as evaluate_network

    experiment, dataset, folder, runs = reopen(path, overrides, "eval", display)
    trained = load_evaluated_network(experiment, dataset, folder, runs)
    arrays = trained.train_state.arrays
    evaluation = evaluate_network(runs, arrays, dataset.test, dataset.class_names)
    return replace(evaluation, checkpoint=trained.describe())


def load_evaluated_network(
    experiment: "Experiment", dataset: "Dataset", folder: "RunFolder", runs: "ParallelRuns"
) -> "TrainedNetwork":
    """Load the network of a run that is evaluated: the best by validation, or else the last."""
    from darnax.runner.best_checkpoint import best_was_chosen_by_test, has_own_validation
    from darnax.runner.trained_network import load_trained_network

    own_validation = has_own_validation(experiment.data, dataset)
    by_test = best_was_chosen_by_test(folder, own_validation=own_validation)
    return load_trained_network(runs, folder, best=not by_test)


def analyse(
    path: Path, overrides: Sequence[str], examples: int, display: Display = SILENT
) -> "TrainedRun":
    """Reopen a run for the measures, with some test examples, after overrides."""
    from darnax.analysis.trained_run import TrainedRun

    experiment, dataset, folder, runs = reopen(path, overrides, "analyse", display)
    return TrainedRun(experiment, dataset, folder, runs, examples)


def reopen(
    path: Path, overrides: Sequence[str], command: str, display: Display = SILENT
) -> "tuple[Experiment, Dataset, RunFolder, ParallelRuns]":
    """Return a run with its data and programs, for a command, after overrides."""
    from darnax.runner.best_checkpoint import best_was_chosen_by_test, has_own_validation
    from darnax.runner.programs import ParallelRuns
    from darnax.runner.run_folder import RunFolder
    from darnax.runner.training_loop import count_steps_per_epoch

    require_evaluable(overrides, command)
    folder = RunFolder.open(path)
    keep_compiled_programs()
    experiment = reopen_experiment(folder, overrides)
    if command == "analyse":  # probes learn from the training examples
        dataset = open_data(experiment, display, trains=False, existing=True)
    else:
        dataset = open_evaluated(experiment, folder, overrides, display)
    has_best = (folder.checkpoints / "best.safetensors").is_file()
    own_validation = has_own_validation(experiment.data, dataset)
    if has_best and best_was_chosen_by_test(folder, own_validation=own_validation):
        logger.warning("%s: %s", printable(str(folder.path)), CHOSEN_BY_TEST)
    # No step is taken, so there may be fewer examples than a batch.
    steps = max(1, count_steps_per_epoch(dataset, experiment.data.batch_size, None))
    return experiment, dataset, folder, ParallelRuns([experiment], steps)


def require_evaluable(overrides: Sequence[str], command: str) -> None:
    """Raise RequestError unless overrides change the data, their folder, or inference alone."""
    from darnax.errors import RequestError
    from darnax.laboratory.machine import DATA

    allowed = ("data.", "data=", f"{INFERENCE}.", "trust=")
    others = []
    for word in overrides:
        if not word.startswith(f"{DATA}=") and not word.lstrip("+~").startswith(allowed):
            others.append(word)
    if others:
        allowed_here = f"data.* and {INFERENCE}.*, and {DATA}=DIR"
        what = f"expected, with `{command}`, only overrides of {allowed_here}"
        raise RequestError(f"{' '.join(others)}: {what}")


def reopen_experiment(folder: "RunFolder", overrides: Sequence[str]) -> "Experiment":
    """Return the experiment of a run after overrides, on one device."""
    from darnax.builder import build
    from darnax.composing.composer import compose
    from darnax.laboratory.data_filling import DataFiller
    from darnax.laboratory.machine import DATA, data_folder_in, values_in_run, with_paths_here

    changes = [word for word in overrides if not word.startswith(f"{DATA}=")]
    config = compose(
        changes,
        folder.path / "config.yaml",
        adapt=partial(values_in_run, folder=folder.path),
        fill=DataFiller(),
    )
    config = with_paths_here(config, data_folder_in(overrides))
    experiment = apply_overridden_stages(on_one_device(build(config, existing=True)), changes)
    return with_stored_encoding(experiment, folder)


def on_one_device(experiment: "Experiment") -> "Experiment":
    """Return the experiment on one device, however many it was trained on."""
    settings = experiment.runner.model_copy(update={"devices": 1})
    return replace(experiment, runner=settings)
