"""Options and arguments that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from darnax.api.experiments import experiments

DEBUG = "darnax.debug"  # key of the choice in the context of the group of commands


def store_debug(ctx: typer.Context, debug: bool) -> bool:
    """Store --debug in the context, for the group of commands to read when a command fails."""
    ctx.meta[DEBUG] = debug
    return debug


def find_folder(ctx: typer.Context, given: Path | None) -> Path | None:
    """Return the folder of a run or of a sweep; instead of its path its id is accepted."""
    if given is None or ctx.resilient_parsing:  # the shell completes a word
        return given
    from darnax.api.finding import find_folder as find

    return find(given)


def find_configuration(ctx: typer.Context, given: Path | None) -> Path | None:
    """Return the folder of a run, given by its path or its id; a file of YAML as it is."""
    if given is None or ctx.resilient_parsing:  # the shell completes a word
        return given
    from darnax.api.finding import find_configuration as find

    return find(given)


def complete_experiment(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of an experiment, for the shell.

    Bash splits words at `=` and then asks for the completion of what follows it alone.
    """
    given = ctx.params.get("overrides") or []
    after_equals_sign = incomplete.startswith("=")
    after_key = bool(given) and given[-1] in ("=", "+experiment", "experiment")
    if after_equals_sign or after_key:
        prefix = ""
    else:
        prefix = "experiment=" if incomplete.startswith("e") else "+experiment="
    words = [f"{prefix}{name}" for name in experiments()]
    return [word for word in words if word.startswith(incomplete.lstrip("="))]


Debug = Annotated[
    bool,
    typer.Option(
        "--debug",
        envvar="DARNAX_DEBUG",
        callback=store_debug,
        help="Show the traceback of an error.",
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="RUN",
        help="Start from a run, its id or its config.yaml, or from the output of --cfg job.",
        callback=find_configuration,
        show_default=False,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE",
        help="Overrides of the default configuration.",
        autocompletion=complete_experiment,
    ),
]
Run = Annotated[
    Path,
    typer.Argument(
        metavar="RUN",
        help="Folder of a run, outputs/<name>/<time>-<id>, or its id.",
        callback=find_folder,
        show_default=False,
    ),
]
Metric = Annotated[
    str | None,
    typer.Option(
        "--metric",
        metavar="NAME",
        help="The metric to show, as metrics.jsonl names it; by default eval/accuracy, or the "
        "score on the validation split that the runs have instead.",
    ),
]
Csv = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Write the table with all its digits.")
]
