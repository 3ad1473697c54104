"""Options and arguments that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from darnax.composing import config_folders

DEBUG = "darnax.debug"  # where the group of commands finds the choice again


def remember(ctx: typer.Context, debug: bool) -> bool:
    """Keep --debug where the group of commands can see it when a command fails."""
    ctx.meta[DEBUG] = debug
    return debug


def complete(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of experiments for the shell; bash splits at `=` and asks for what follows it alone."""
    given = ctx.params.get("overrides") or []
    whole = not incomplete.startswith("=") and not (
        given and given[-1] in ("=", "+experiment", "experiment")
    )
    prefix = "" if not whole else "experiment=" if incomplete.startswith("e") else "+experiment="
    return [
        f"{prefix}{name}"
        for name in config_folders.list_experiments()
        if f"{prefix}{name}".startswith(incomplete.lstrip("="))
    ]


Debug = Annotated[
    bool,
    typer.Option(
        "--debug",
        envvar="DARNAX_DEBUG",
        callback=remember,
        help="Show the traceback when something fails.",
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE",
        help="What differs from the default configuration.",
        autocompletion=complete,
    ),
]
Run = Annotated[
    Path,
    typer.Argument(
        metavar="RUN", help="Folder of a run: outputs/<name>/<time>-<id>.", show_default=False
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
