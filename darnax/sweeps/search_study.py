"""The study of a search: Optuna's journal in the sweep's folder, shared by its processes."""

import fcntl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Literal

import optuna
from optuna.pruners import BasePruner
from optuna.samplers import RandomSampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from darnax.errors import Problem, RequestError, first_line
from darnax.files import open_inside, open_regular

JOURNAL = "study.journal"
OVERRIDES = "overrides"  # of a trial's point
IsHopeless = Callable[[int, float], bool]


class Lock:
    """The lock of a journal, released when its process dies; Optuna's own waits half a minute."""

    def __init__(self, journal: Path) -> None:
        self.path = journal.with_name(f".{journal.name}.lock")
        self.file: BinaryIO | None = None

    def acquire(self) -> bool:
        """Wait until no other process has the lock, and take it."""
        self.file = open_inside(self.path.parent, self.path.name, append=True)
        fcntl.flock(self.file, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        """Release the lock."""
        assert self.file is not None
        self.file.close()


def open_study(
    folder: Path, direction: Literal["maximize", "minimize"], pruner: BasePruner | None = None
) -> optuna.Study:
    """Open or create the study in a folder; raise RequestError if its journal is unreadable."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    journal, lock = folder / JOURNAL, Lock(folder / JOURNAL)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        drop_torn_line(journal, lock)
        # `Lock` has all the methods of Optuna's locks without their base class.
        backend = JournalFileBackend(str(journal), lock)  # type: ignore[arg-type]
        study = optuna.create_study(
            storage=JournalStorage(backend),
            study_name=folder.name,
            direction=direction,
            sampler=RandomSampler(),
            pruner=pruner,
            load_if_exists=True,
        )
        for trial in study.get_trials(deepcopy=False):
            overrides_of(trial)
    except Exception as error:  # Optuna may raise anything for a damaged journal
        reason = f"{type(error).__name__}: {first_line(error)}"
        what = f"is damaged ({reason}); restore it, or start a new search"
        raise RequestError(Problem(str(journal), what)) from error
    return study


def drop_torn_line(journal: Path, lock: Lock) -> None:
    """Remove the incomplete last line of a killed process: Optuna would read nothing after it."""
    lock.acquire()
    try:
        truncate_file(journal)
    finally:
        lock.release()


def truncate_file(journal: Path) -> None:
    """Cut a journal, which is created if missing, after its last complete line."""
    # Opened to append first: this creates the file and refuses a link.
    open_inside(journal.parent, journal.name, append=True).close()
    with open_regular(journal) as file:
        content = file.read()
    end = content.rfind(b"\n") + 1
    if end < len(content):
        with open_inside(journal.parent, journal.name, append=True) as file:
            file.truncate(end)


def pruning_report(study: optuna.Study, overrides: Sequence[str]) -> IsHopeless | None:
    """Return a function that reports a value of a point's trial and returns whether to prune it."""
    running = study.get_trials(deepcopy=False, states=[TrialState.RUNNING])
    found = [trial for trial in running if overrides_of(trial) == list(overrides)]
    if not found:
        return None
    trial = optuna.Trial(study, found[0]._trial_id)
    known = set(found[0].intermediate_values)

    def report(step: int, value: float) -> bool:
        if step not in known:
            known.add(step)
            trial.report(value, step)
        return trial.should_prune()

    return report


def overrides_of(trial: FrozenTrial) -> list[str]:
    """Return the overrides of a trial's point; none if its process was killed while drawing."""
    found = trial.user_attrs.get(OVERRIDES, [])
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        what = f"has {found!r:.40} for overrides, expected a list of texts"
        raise ValueError(f"trial {trial.number} {what}")
    return list(found)
