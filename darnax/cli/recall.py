"""`darnax recall`: what a trained memory makes of a cue."""

from pathlib import Path
from typing import Annotated

import typer

from darnax.cli import tables
from darnax.cli.options import Debug, Overrides, Run

Cue = Annotated[
    Path,
    typer.Option(
        "--cue", metavar="FILE.npy", help="Cues (N, *raw), or one of them.", show_default=False
    ),
]
Frames = Annotated[
    Path | None,
    typer.Option(
        "--frames",
        metavar="FILE.npy",
        help="A sequence (L, *raw): count how many frames come in order.",
        show_default=False,
    ),
]
Png = Annotated[
    Path | None,
    typer.Option("--png", metavar="FILE", help="Draw cue, steps and memory.", show_default=False),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE.npy", help="Write the memories.", show_default=False),
]


def recall(
    run: Run,
    cue: Cue,
    overrides: Overrides = None,
    frames: Frames = None,
    png: Png = None,
    out: Out = None,
    debug: Debug = False,
) -> None:
    """Recall a stored pattern from a cue: the network relaxes from it, and gives a memory back.

    The cue is an array of raw inputs like those of the run's dataset. For a network whose output
    has the shape of its input, such as that of +experiment=memory:

        darnax recall outputs/memory/<time>-<id> --cue cue.npy

        darnax recall outputs/memory/<time>-<id> --cue cue.npy --png recall.png --out memory.npy

    A network that has stored a sequence replays it from its first frame:

        darnax recall outputs/sequence/<time>-<id> --cue first.npy --frames frames.npy
    """
    from darnax.api.citation import require_trust_only
    from darnax.api.recalling import recall_file
    from darnax.api.run import Run as TrainedRun
    from darnax.cli.display import warnings_to_stderr

    with warnings_to_stderr():
        trained = TrainedRun(run, require_trust_only(list(overrides or [])))
        found = recall_file(trained.model, cue, frames)
    tables.show(*found.table)
    if png is not None:
        found.to_png(png)
        tables.echo(f"picture: {png}")
    if out is not None:
        found.to_npy(out)
        tables.echo(f"memories: {out}")
