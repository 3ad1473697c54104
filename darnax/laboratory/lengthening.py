"""Longer training of a run: another number of epochs, from its last step on.

A run of E epochs that is lengthened at step S to E′ equals a run of E′ epochs whose network and
optimiser are, at step S, those of the run of E. With constant learning rates that is the run of E′
epochs itself, bit for bit. A schedule that is named in epochs of the run (`${runner.epochs}
epochs`) has E before step S and E′ from there on; its value may jump at S. Shuffles and noise
follow from seed, epoch and batch, and do not depend on the number of epochs.
"""

import logging
import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.errors import Problem, RequestError
from darnax.printing import count_of
from darnax.trees import leaves

if TYPE_CHECKING:
    from darnax.composing.composition import Composed
    from darnax.runner.run_folder import RunFolder

logger = logging.getLogger(__name__)
EPOCHS = "runner.epochs"
JUMPS = (
    "%s follow runner.epochs, which is now %s: at step %s the learning rate jumps to that of the "
    "longer schedule; for the longer schedule from the start, train a new run with --config"
)
HISTORY = "lengthened"  # in summary.json: [{"step": S, "epochs": E}, …]


def advise(path: Path, word: str = f"{EPOCHS}=...") -> str:
    """Return how a finished run is trained longer; of a run in a sweep, a copy of its folder."""
    if not is_in_sweep(path):
        return f"train longer with: darnax train --resume {shlex.quote(str(path))} {word}"
    place = path.parents[min(2, len(path.parents) - 1)]  # of <name>/sweeps/<sweep>/<run>
    run, copy = shlex.quote(str(path)), shlex.quote(str(place / path.name))
    return f"train a copy longer: cp -r {run} {copy} && darnax train --resume {copy} {word}"


def is_in_sweep(path: Path) -> bool:
    """Return whether a run is a point of a sweep, by the folder that it is in."""
    return (path.absolute().parent / "sweep.json").is_file()


def compose_longer(folder: "RunFolder", word: str, trusted: Collection[str]) -> "Composed":
    """Return the configuration of a run with another number of epochs; nothing is written.

    Args:
        folder: of the run.
        word: `runner.epochs=N`.
        trusted: packages that the command line trusts.

    Raises:
        RequestError: the run is a point of a sweep, the number is invalid or not larger, or values
            that were computed from the number cannot follow it.
    """
    from darnax.composing.composer import Composer
    from darnax.composing.derivations import OutdatedError

    if is_in_sweep(folder.path):
        what = "cannot change in a run of a sweep, whose points are compared by their settings"
        raise RequestError(Problem(EPOCHS, f"{what}; {advise(folder.path, word)}"))
    try:
        longer = Composer(folder.path / "config.yaml", trusted).run_composed([word])
    except OutdatedError as error:
        keys = [problem.where for problem in error.problems]
        raise RequestError(explain_outdated(folder.path, word, keys)) from error
    before, after = epochs_of(folder.config()), epochs_of(longer.resolved)
    is_finished = folder.summary().get("status") == "finished"
    if not is_integer(after) or after < before or (is_finished and after == before):
        what = f"got {after}, expected an integer larger than {before}, the epochs of this run"
        raise RequestError(Problem(EPOCHS, what))
    return longer


def warn_of_schedules(folder: "RunFolder", longer: "Composed") -> None:
    """Warn of rates that follow the number of epochs: from here on they are those of a longer run.

    Args:
        folder: of the run, whose files have the former number of epochs.
        longer: its configuration with the new number.
    """
    before = dict(leaves(folder.config()["optimizer"], "optimizer"))
    after = dict(leaves(longer.resolved["optimizer"], "optimizer"))
    changed = [key for key, value in after.items() if value != before.get(key)]
    if changed:
        others = f" and {count_of(len(changed) - 1, 'other')}" if len(changed) > 1 else ""
        epochs = epochs_of(longer.resolved)
        logger.warning(JUMPS, f"{changed[0]}{others}", epochs, folder.summary().get("steps", 0))


def explain_outdated(path: Path, word: str, keys: Sequence[str]) -> Problem:
    """Return why values that were computed from the number of epochs cannot follow it."""
    file = shlex.quote(str(path / "config.yaml"))
    others = " ".join(f"{key}=..." for key in keys)
    lacking = "its folder has no composed.yaml of its config.yaml, as none of version 0.1.0 has"
    why = f"{lacking}, so that it is not known how {', '.join(keys)} would follow"
    how = f"make a new run: darnax train --config {file} {word} {others}"
    return Problem(EPOCHS, f"cannot change in this run: {why}; {how}")


def write_longer(folder: "RunFolder", longer: "Composed", word: str) -> None:
    """Write the new number of epochs to the files of a run, and note at which step that was.

    A run that is killed in between resumes to the old or to the new number of epochs.
    """
    from darnax.bounded_yaml import load_plain
    from darnax.composing.derivations import find_derivations
    from darnax.files import read_text

    before = epochs_of(folder.config())
    if epochs_of(longer.resolved) == before:
        return
    summary = folder.summary()
    history = [*as_list(summary.get(HISTORY)), {"step": summary.get("steps", 0), "epochs": before}]
    folder.write_summary(**{"status": "interrupted", HISTORY: history})
    composed = longer.to_container()
    overrides = folder.path / "overrides.yaml"
    words = as_list(load_plain(read_text(overrides)) if overrides.is_file() else [])
    others = [each for each in words if not str(each).lstrip("+").startswith(f"{EPOCHS}=")]
    derivations = find_derivations(composed)
    folder.write_configuration(longer.resolved, [*others, word], composed, derivations)


def epochs_of(config: Mapping[str, Any]) -> Any:
    """Return the number of epochs of a configuration."""
    return config["runner"]["epochs"]


def is_integer(value: Any) -> bool:
    """Return whether a value of a configuration is an integer; True and False are none."""
    return type(value) is int


def as_list(value: Any) -> Sequence[Any]:
    """Return a value of a file that should be a list; an empty one if it is not."""
    return value if isinstance(value, list) else []
