"""`darnax.train`: from overrides to a trained run."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.api.arguments import require_overrides
from darnax.api.arrays import add_arrays, given_arrays
from darnax.api.composition import config_file
from darnax.api.display import choose_display
from darnax.api.interruption import interruptible
from darnax.api.run import Run
from darnax.composing import secrets, trust
from darnax.composing.origins import naming_files
from darnax.laboratory import machine, training
from darnax.laboratory.data_filling import KEPT, DataFiller
from darnax.laboratory.display import Display

if TYPE_CHECKING:
    from darnax.local_data import GivenArrays


def train(
    *overrides: str, config: Any = None, data: Any = None, progress: bool | None = None
) -> Run:
    """Train a network, and return its run.

    Args:
        overrides: those of `darnax train`, such as `"+experiment=mnist_chain"` or `"seed=1"`.
        config: a run, or the config.yaml of one, to start from instead of the defaults.
        data: arrays to train on: `(x_train, y_train, x_test, y_test)`, the same with `x_validation,
            y_validation` behind, or `(x, y)`, of which `data.test` keeps a share for testing. The
            run keeps them in its folder, as data.npz, so that it can be resumed and evaluated.
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

        With arrays; the configuration takes shape and classes from them:

        >>> import numpy as np
        >>> x = np.random.default_rng(0).choice([-1.0, 1.0], (60, 100))
        >>> y = np.where(x[:, 0] > 0, "plus", "minus")
        >>> words = ["+experiment=mnist_chain", "model.depth=1", "model.features=50"]
        >>> words += ["model.layers.hidden.sparsity=0.8", "model.adapters.w_in.patch=null"]
        >>> run = darnax.train(*words, "tracking=local", "runner.epochs=1", data=(x, y))
        >>> run.config["data"]["shape"], run.config["data"]["class_names"]
        ([100], ['minus', 'plus'])
    """
    words = require_overrides(overrides)
    given = None
    if data is not None:
        given = given_arrays(data)
        words = add_arrays(words, KEPT, saved=config is not None)
    with interruptible():
        command = ["darnax.train", *words]
        folder = start(words, config_file(config), command, choose_display(progress), given)
    return Run(folder, trust.trusted_packages(words))


def start(
    overrides: list[str],
    file: Path | None,
    command: list[str],
    shown: Display,
    given: "GivenArrays | None" = None,
) -> Path:
    """Compose a configuration, train it, and return the folder of the run.

    `command` is what the record of the run says about how it was started; secrets in it are masked.
    `given` are arrays, which the run keeps in its folder.
    """
    secrets.require_none([*overrides, *([str(file)] if file else [])])
    with naming_files(overrides, file):
        configuration = machine.compose_here(
            overrides, file, DataFiller(given, shown.data_progress)
        )
        folder, _ = training.train(
            configuration.resolved,
            composed=configuration.to_container(),
            overrides=overrides,
            command=secrets.mask(command),
            display=shown,
            given=given,
        )
    return folder
