"""`darnax.train`: from overrides to a trained run."""

from pathlib import Path
from typing import Any

from darnax.api.arguments import require_overrides
from darnax.api.composition import config_file
from darnax.api.display import choose_display
from darnax.api.interruption import interruptible
from darnax.api.run import Run
from darnax.composing import secrets, trust
from darnax.laboratory import machine, training
from darnax.laboratory.display import Display


def train(*overrides: str, config: Any = None, progress: bool | None = None) -> Run:
    """Train a network, and return its run.

    Args:
        overrides: those of `darnax train`, such as `"+experiment=mnist_chain"` or `"seed=1"`.
        config: a run, or the config.yaml of one, to start from instead of the defaults.
        progress: whether to show a progress bar; by default in a terminal or a notebook.

    Raises:
        RequestError: the request is invalid, with the messages of the command line; nothing was
            written.
        RunError: the run failed.
        Interrupted: it was stopped by Ctrl-C or another signal; a checkpoint is saved.

    Example:
        >>> import darnax
        >>> run = darnax.train("+experiment=associations", "tracking=local", "runner.epochs=20")
        >>> run.status, run.summary["steps"]
        ('finished', 100)
    """
    words = require_overrides(overrides)
    command = ["darnax.train", *secrets.mask(words)]
    with interruptible():
        folder = start(words, config_file(config), command, choose_display(progress))
    return Run(folder, trust.trusted_packages(words))


def start(overrides: list[str], file: Path | None, command: list[str], shown: Display) -> Path:
    """Compose a configuration, train it, and return the folder of the run.

    `command` is what the record of the run says about how it was started.
    """
    secrets.require_none([*overrides, *([str(file)] if file else [])])
    configuration = machine.compose_here(overrides, file)
    folder, _ = training.train(
        configuration.resolved,
        composed=configuration.to_container(),
        overrides=overrides,
        command=command,
        display=shown,
    )
    return folder
