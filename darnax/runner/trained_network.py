"""Loads the trained network of a run: the best by validation, or the last."""

import os
import shlex
from pathlib import Path
from typing import NamedTuple

from darnax.errors import Problem, RequestError
from darnax.runner import checkpoint
from darnax.runner.manifest import RunMeta
from darnax.runner.programs import ParallelRuns
from darnax.runner.run_folder import RunFolder
from darnax.runner.train_program import TrainState


class TrainedNetwork(NamedTuple):
    """A train state, and the checkpoint that it was loaded from."""

    train_state: TrainState
    path: Path
    step: int
    score_name: str

    def describe(self) -> str:
        """Return which checkpoint it is, and why it was chosen."""
        is_best = self.path.stem == "best"
        why = f"the best by eval/{self.score_name}" if is_best else "the last one"
        return f"{self.path.name} (step {self.step}, {why})"


def load_trained_network(
    runs: ParallelRuns, folder: RunFolder, *, best: bool = True
) -> TrainedNetwork:
    """Load the network of a run: with `best` the best on its validation split, if there is one.

    Otherwise the network of the last readable checkpoint.

    Raises:
        RequestError: there is no readable checkpoint, or the best one is damaged.
    """
    best_path = folder.checkpoints / "best.safetensors"
    # `lexists`: a broken link is a damaged checkpoint, not a missing one. A damaged best network is
    # an error, since the last one would silently give other numbers.
    if best and os.path.lexists(best_path):
        advice = "take it out of the folder, and the last checkpoint is used instead"
        return _load(runs, best_path, advice)
    path = checkpoint.find_latest(folder.checkpoints, RunMeta)
    if path is None:
        command = f"darnax train --resume {shlex.quote(str(folder.path))}"
        what = f"has no checkpoint that can be read; resume with {command}"
        raise RequestError(Problem(str(folder.path), what))
    return _load(runs, path, "take it out of the folder")


def _load(runs: ParallelRuns, path: Path, advice: str) -> TrainedNetwork:
    try:
        train_state, meta = checkpoint.load(path, runs.abstract_state(), RunMeta)
    except RequestError as error:
        # `checkpoint` only reads files: which other one to use is decided here.
        first, *others = error.problems
        what = first.what.replace("use another one", advice)
        raise RequestError(first._replace(what=what), *others) from error
    return TrainedNetwork(train_state, path, meta["step"], runs.program.score_name)
