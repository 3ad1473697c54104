"""The study of a search: Optuna's journal in the folder of the sweep, which every process of the search reads and adds to."""

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
Hopeless = Callable[[int, float], bool]


class Lock:
    """The lock of a journal, which the system lets go of when a process dies; Optuna's own wait for half a minute then."""

    def __init__(self, journal: Path) -> None:
        self.path = journal.with_name(f".{journal.name}.lock")
        self.file: BinaryIO | None = None

    def acquire(self) -> bool:
        """Wait until no other process has it."""
        self.file = open_inside(self.path.parent, self.path.name, append=True)
        fcntl.flock(self.file, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        """Let the others have it."""
        assert self.file is not None
        self.file.close()


def open_study(
    folder: Path, direction: Literal["maximize", "minimize"], pruner: BasePruner | None = None
) -> optuna.Study:
    """Return the study in a folder, which may be a new one; a RequestError says that its journal cannot be read."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    journal, lock = folder / JOURNAL, Lock(folder / JOURNAL)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        drop_torn_line(journal, lock)
        study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(journal), lock)),  # type: ignore[arg-type]  # has all of a lock
            study_name=folder.name,
            direction=direction,
            sampler=RandomSampler(),
            pruner=pruner,
            load_if_exists=True,
        )
        for trial in study.get_trials(deepcopy=False):
            overrides_of(trial)
    except Exception as error:  # whatever Optuna meets in a damaged journal
        what = f"is damaged ({type(error).__name__}: {first_line(error)}); restore it, or start a new search"
        raise RequestError(Problem(str(journal), what)) from error
    return study


def drop_torn_line(journal: Path, lock: Lock) -> None:
    """Take away what a process that was killed has left at the end: Optuna would read no further than that."""
    lock.acquire()
    try:
        truncate_file(journal)
    finally:
        lock.release()


def truncate_file(journal: Path) -> None:
    """Cut a journal, which is made where there is none, behind its last whole line."""
    open_inside(
        journal.parent, journal.name, append=True
    ).close()  # makes sure of a file, and no link
    with open_regular(journal) as file:
        content = file.read()
    if torn := len(content) - content.rfind(b"\n") - 1:
        with open_inside(journal.parent, journal.name, append=True) as file:
            file.truncate(len(content) - torn)


def pruning_report(study: optuna.Study, overrides: Sequence[str]) -> Hopeless | None:
    """Return what takes note of a value of the open trial of a point and says whether its run is hopeless."""
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
    """Return the overrides of a trial's point; none when its process was killed before it had drawn them."""
    found = trial.user_attrs.get(OVERRIDES, [])
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise ValueError(
            f"trial {trial.number} has {found!r:.40} for overrides, expected a list of words"
        )
    return list(found)
