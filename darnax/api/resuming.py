"""Resumes a run, for `Run.resume` and for the command line."""

from collections.abc import Sequence
from pathlib import Path

from darnax.composing import secrets, trust
from darnax.laboratory import machine, training
from darnax.laboratory.display import Display


def resume_run(
    folder: Path, words: Sequence[str], display: Display, trusted: frozenset[str] = frozenset()
) -> frozenset[str]:
    """Resume a run to its end; return the packages that it trusts.

    Args:
        folder: of the run.
        words: `trust=[…]`, `paths.data=DIR`, `data.path=PATH`; `runner.epochs=N` trains longer;
            `runner.distributed=…` in several processes.
        display: shows the progress.
        trusted: packages that are trusted besides.

    Raises:
        RequestError: another word is given, the run is finished and gets no more epochs, or
            another process trains it.
    """
    secrets.require_none([*words, str(folder)])
    machine.require_of_machine(words)
    packages = trusted | trust.trusted_packages(words)
    training.resume(
        folder,
        trusted=packages,
        data=machine.data_folder_in(words),
        data_path=machine.data_path_in(words),
        longer=machine.longer_in(words),
        distributed=machine.distributed_in(words),
        display=display,
    )
    return packages
