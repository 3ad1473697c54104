"""`darnax train`: compose a configuration and train one run, or every point of a sweep."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from darnax.cli import tables
from darnax.cli.options import Config, Debug, Overrides, find_folder
from darnax.errors import Problem, RequestError
from darnax.printing import printable

NO_SWEEP = "lists the points of a sweep; add -m, or see one configuration with --cfg job"

Multirun = Annotated[
    bool, typer.Option("-m", "--multirun", help="Sweep over values with commas, one run each.")
]
Cfg = Annotated[
    Literal["job"] | None,
    typer.Option("--cfg", help="Print the configuration and stop.", show_default=False),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="With -m: list the points and which are refused, and stop."),
]
Resume = Annotated[
    Path | None,
    typer.Option(
        "--resume",
        metavar="RUN",
        help="Resume a run; runner.epochs=N trains longer.",
        callback=find_folder,
    ),
]
Sbatch = Annotated[
    bool,
    typer.Option(
        "--sbatch", help="Print a script that trains the run on several machines with SLURM."
    ),
]


def train(
    overrides: Overrides = None,
    multirun: Multirun = False,
    cfg: Cfg = None,
    config: Config = None,
    resume: Resume = None,
    dry_run: DryRun = False,
    sbatch: Sbatch = False,
    debug: Debug = False,
) -> None:
    """Train a network.

    An experiment is a file of overrides of the default configuration; more may be added to it:

        darnax train +experiment=mnist_chain model.layers.hidden.j_d=0.9

    Several values and -m make a sweep, one run for every combination:

        darnax train +experiment=mnist_chain model.depth=1,2,4 seed=0,1,2 -m

    Optuna searches in intervals, given here or in a file of configs/sweep:

        darnax train +experiment=mnist_chain sweep=coupling_search hydra.sweeper.n_trials=40 -m

    `darnax sweep resume` resumes a sweep that was interrupted.

    Print the configuration, repeat a run, resume a run, train a finished run longer:

        darnax train +experiment=mnist_chain --cfg job

        darnax train --config outputs/mnist_chain/<time>-<id>/config.yaml seed=7

        darnax train --resume outputs/mnist_chain/<time>-<id>

        darnax train --resume outputs/mnist_chain/<time>-<id> runner.epochs=20

    Train one run in eight processes of a SLURM cluster:

        darnax train +experiment=mnist_chain hydra.launcher.nodes=2 \
hydra.launcher.tasks_per_node=4 --sbatch > job.sh
    """
    changes = list(overrides or [])
    others = ["-m"] * multirun + ["--cfg"] * (cfg is not None)
    if dry_run and (not multirun or cfg or resume):
        raise RequestError(Problem("--dry-run", NO_SWEEP))
    if sbatch:
        print_script(changes, config, resume, others)
    elif resume is not None:
        resume_run(resume, changes, [*others, "--config"] if config else others)
    elif cfg:
        show(changes, config, alone=not multirun)
    elif multirun:
        from darnax.cli import sweep

        if dry_run:
            sweep.dry_run(changes, config)
        else:
            sweep.start(changes, config, command(), debug=debug)
    else:
        start(changes, config)


def start(overrides: list[str], file: Path | None) -> None:
    """Train one run."""
    from darnax.api import training
    from darnax.cli.display import display, warnings_to_stderr

    with warnings_to_stderr():
        training.start(overrides, file, command(), display())


def resume_run(run: Path, words: list[str], others: list[str]) -> None:
    """Resume a run with its own configuration; `runner.epochs=N` trains it longer.

    `others` are the options that were given and do not fit.
    """
    if others:
        what = "resumes with the configuration of the run"
        what += f"; leave out {' and '.join(others)}"
        raise RequestError(Problem("--resume", what))
    from darnax.api import resuming
    from darnax.cli.display import display, warnings_to_stderr

    with warnings_to_stderr():
        resuming.resume_run(run, words, display())


def print_script(
    words: list[str], config: Path | None, resume: Path | None, others: list[str]
) -> None:
    """Print a script for `sbatch`; `others` are the options that were given and do not fit."""
    if config and resume:
        others = [*others, "one of --config and --resume"]
    if others:
        what = f"is for one run; leave out {' and '.join(others)}"
        if "-m" in others:
            what += "; a sweep submits its own jobs with hydra/launcher=submitit_slurm"
        raise RequestError(Problem("--sbatch", what))
    from darnax.api.sbatch import make_script
    from darnax.cli import streams
    from darnax.cli.display import warnings_to_stderr

    with warnings_to_stderr():
        lines = make_script(words, config=config, resume=resume)
    tables.echo(*lines)
    streams.require_complete()


def show(overrides: list[str], file: Path | None, *, alone: bool) -> None:
    """Print the configuration of a run as a file that `--config` accepts."""
    if not alone:
        what = "shows one configuration; leave out -m and give one value for each key"
        raise RequestError(Problem("--cfg", what))
    from darnax.api.composition import compose
    from darnax.cli import streams
    from darnax.cli.display import warnings_to_stderr

    with warnings_to_stderr():
        configuration = compose(*overrides, config=file, resolve=False)
    tables.echo(*as_yaml(configuration))
    streams.require_complete()


def as_yaml(config: dict[str, Any]) -> list[str]:
    """Return a configuration as lines of YAML; invisible characters are escaped as YAML does it."""
    from darnax.bounded_yaml import dump_plain

    lines = dump_plain(config).rstrip("\n").split("\n")
    if all(line == printable(line) for line in lines):
        return lines
    return dump_plain(config, ascii_only=True).rstrip("\n").split("\n")


def command() -> list[str]:
    """Return the command line as it was typed, for the record of the run.

    The program is called darnax also where Python was started with `-m darnax`.
    """
    return ["darnax", *sys.argv[1:]]
