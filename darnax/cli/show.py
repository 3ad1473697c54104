"""`darnax show`: the network that a configuration describes, before anything is trained."""

from pathlib import Path
from typing import Annotated

import typer

from darnax.cli import tables
from darnax.cli.options import Debug, Overrides
from darnax.errors import writing_file

Picture = Annotated[
    Path | None,
    typer.Option("--svg", metavar="FILE", help="Draw the network into FILE.", show_default=False),
]


def show(overrides: Overrides = None, svg: Picture = None, debug: Debug = False) -> None:
    """Show the network of a configuration: modules, parameters, phases, memory; trains nothing.

    darnax show +experiment=mnist_chain model.depth=3

    darnax show +experiment=mnist_chain --svg wiring.svg
    """
    from darnax.builder import describe
    from darnax.cli import wiring_table
    from darnax.diagrams import picture
    from darnax.laboratory.machine import compose_here

    description = describe(compose_here(list(overrides or []), None).resolved)
    wiring_table.render(description)
    if svg is not None:
        with writing_file(svg):
            svg.write_text(picture.svg(description), encoding="utf-8")
        tables.echo(f"picture     {svg}")
