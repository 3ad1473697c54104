"""`darnax show`: the network that a configuration describes, before anything is trained."""

from pathlib import Path
from typing import Annotated

import typer

from darnax.cli import tables
from darnax.cli.options import Config, Debug, Overrides

Picture = Annotated[
    Path | None,
    typer.Option("--svg", metavar="FILE", help="Draw the network into FILE.", show_default=False),
]

PhasesPicture = Annotated[
    Path | None,
    typer.Option("--phases", metavar="FILE", help="Draw the phases into FILE.", show_default=False),
]


def show(
    overrides: Overrides = None,
    config: Config = None,
    svg: Picture = None,
    phases: PhasesPicture = None,
    debug: Debug = False,
) -> None:
    """Show the network of a configuration: modules, parameters, phases, memory; trains nothing.

    darnax show +experiment=mnist_chain model.depth=3

    darnax show +experiment=mnist_chain --svg wiring.svg

    darnax show +experiment=mnist_ep --phases phases.svg

    darnax show --config outputs/mnist_chain/RUN
    """
    from darnax.api.description import describe

    description = describe(*(overrides or []), config=config)
    for table in description.tables:
        tables.show(*table, tight=True)
        tables.echo()
    for what, value in description.facts.items():
        tables.note(f"{what:<12}{value}")
    if svg is not None:
        description.to_svg(svg)
        tables.echo(f"picture     {svg}")
    if phases is not None:
        description.phases_to_svg(phases)
        tables.echo(f"phases      {phases}")
