"""`darnax data`: list, show and prepare datasets."""

from pathlib import Path
from typing import Annotated

import typer

from darnax.cli import tables
from darnax.cli.options import Debug

Directory = Annotated[
    Path | None,
    typer.Option(
        "--directory",
        metavar="DIR",
        help="Folder of prepared datasets; default: paths.data.",
        show_default=False,
    ),
]
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A dataset of `darnax data list`.", show_default=False)
]

app = typer.Typer(
    name="data",
    no_args_is_help=True,
    help="Datasets: list them, show their content, prepare them.",
)


@app.command("list")
def list_datasets(directory: Directory = None, debug: Debug = False) -> None:
    """List the datasets and whether they are prepared.

    darnax data list
    """
    from darnax.api.datasets import datasets

    tables.show(*datasets(directory).table)


@app.command("show")
def show_dataset(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME | KEY=VALUE",
            help="A dataset of `darnax data list`, or overrides such as data=folder data.path=DIR.",
            show_default=False,
        ),
    ],
    png: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw examples of every class.", show_default=False),
    ] = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Show the content of a dataset: its splits, the shape of an input, the classes.

    darnax data show mnist

    darnax data show data=folder data.path=photos/ --png sheet.png
    """
    from darnax.api.datasets import describe_words
    from darnax.cli.display import display

    found = describe_words(words, directory, display(), read=png is not None)
    if found.text:
        tables.echo(*found.text.split("\n"), "")
    for number, table in enumerate(found.tables):
        if number:
            tables.echo("")
        tables.show(*table)
    if png is not None:
        found.to_png(png)
        tables.echo(f"picture: {png}")


@app.command("prepare")
def prepare_dataset(
    name: Name,
    directory: Directory = None,
    archives: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder with the downloaded archives.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Prepare a dataset once, so that training reads it in a second.

    darnax data prepare mnist

    darnax data prepare fashion_mnist --archives ~/Downloads
    """
    from darnax.api.datasets import prepare_named
    from darnax.api.stages import terminal_stages

    folder = prepare_named(name, directory, archives, terminal_stages)
    tables.echo(f"{name} is prepared: {folder}")
