"""The network of a run that has been trained: which checkpoint stands for it."""

import os
import shlex
from pathlib import Path
from typing import NamedTuple

from darnax.errors import Problem, RequestError
from darnax.runner import checkpoint
from darnax.runner.manifest import RunMeta
from darnax.runner.programs import CompiledPrograms
from darnax.runner.recipe import TrainState
from darnax.runner.run_folder import RunFolder


class Trained(NamedTuple):
    """A learner, and which checkpoint it was read from."""

    learner: TrainState
    path: Path
    step: int
    score_name: str

    def describe(self) -> str:
        """Say which checkpoint it is, and why this one."""
        why = f"the best by eval/{self.score_name}" if self.path.stem == "best" else "the last one"
        return f"{self.path.name} (step {self.step}, {why})"


def load_learner(programs: CompiledPrograms, folder: RunFolder, *, best: bool = True) -> Trained:
    """Return the network of a run: the best on its validation split, or the last where it keeps none; without `best`, the last.

    Raises:
        RequestError: there is no checkpoint, or the best one is damaged: another one would give other numbers.
    """
    chosen = folder.checkpoints / "best.safetensors"
    if best and os.path.lexists(chosen):
        return _load(
            programs, chosen, "take it out of the folder, and the last checkpoint is used instead"
        )
    path = checkpoint.latest(folder.checkpoints, RunMeta)
    if path is None:
        what = f"has no checkpoint that can be read; resume with darnax train --resume {shlex.quote(str(folder.path))}"
        raise RequestError(Problem(str(folder.path), what))
    return _load(programs, path, "take it out of the folder")


def _load(programs: CompiledPrograms, path: Path, instead: str) -> Trained:
    try:
        learner, meta = checkpoint.load(path, programs.like(), RunMeta)
    except RequestError as error:
        first, *more = error.problems
        raise RequestError(
            first._replace(what=first.what.replace("use another one", instead)), *more
        ) from error
    return Trained(learner, path, meta["step"], programs.recipe.score_name)
