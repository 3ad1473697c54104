"""Starts and resumes sweeps, for `darnax.sweep` and for the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from darnax.composing import secrets, trust
from darnax.composing.origins import naming_files
from darnax.sweeps.record import Record
from darnax.sweeps.survey import DONE, State

if TYPE_CHECKING:
    from darnax.sweeps.display import SweepDisplay


@dataclass(frozen=True)
class Outcome:
    """How a sweep has ended in this process.

    Args:
        record: of the sweep.
        states: the state of every point.
        trusted: the packages that its overrides trust.
    """

    record: Record
    states: Sequence[State]
    trusted: frozenset[str]

    @property
    def is_refused(self) -> bool:
        """Whether every point was refused."""
        from darnax.sweeps import running

        return running.are_refused(self.states)

    @property
    def left(self) -> list[State]:
        """The points that are left to run."""
        return [state for state in self.states if state.status not in DONE]

    @property
    def resume_command(self) -> str:
        """The command that runs what is left."""
        from darnax.sweeps import running

        return running.resume_command(self.record, self.trusted)


def require_valid(words: list[str], file: Path | None) -> None:
    """Raise RequestError if overrides contain a secret, or a setting that would have no effect."""
    from darnax.composing.hydra_settings import require_effective

    secrets.require_none([*words, *([str(file)] if file else [])])
    require_effective(words, multirun=True, saved=file is not None)


def start(
    words: list[str], file: Path | None, command: Sequence[str], display: "SweepDisplay"
) -> Outcome:
    """Run all points of a new sweep.

    `command` is what its record says about how it was started; secrets in it are masked.
    """
    from darnax.sweeps import running

    require_valid(words, file)
    with naming_files(words, file):
        record, states = running.start(words, file, secrets.mask(command), display)
    return Outcome(record, states, trust.trusted_packages(words))


def resume(folder: Path, words: list[str], display: "SweepDisplay", *, retry: bool) -> Outcome:
    """Run what is left of a sweep."""
    from darnax.sweeps import running

    record, states = running.resume(folder, words, retry=retry, display=display)
    return Outcome(record, states, trust.trusted_packages(words))
