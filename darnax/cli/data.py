"""`darnax data`: list, show and prepare datasets."""

from pathlib import Path
from typing import Annotated

import typer

from darnax.cli import tables
from darnax.cli.display import progress_bar
from darnax.cli.options import Debug
from darnax.printing import count_of

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

ORIGIN = {
    "bundled": "archives that come with darnax",
    "archives": "downloaded archives (--archives)",
    "tfds": "the network, by TensorFlow",
}

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
    from darnax.data import catalogue

    rows = []
    for entry in catalogue(data_folder(directory)):
        rows.append((entry.name, "yes" if entry.prepared else "no", ORIGIN[entry.origin]))
    tables.show(("dataset", "prepared", "made from"), rows)


@app.command("show")
def show_dataset(name: Name, directory: Directory = None, debug: Debug = False) -> None:
    """Show the content of a dataset: its splits, the shape of an input, the classes.

    darnax data show mnist
    """
    from darnax.data import describe

    found = describe(name, data_folder(directory))
    tables.echo(*found.text.split("\n"), "")
    counts = {split: count_of(count, "example") for split, count in found.splits.items()}
    facts = {
        "version": found.version,
        "input": " x ".join(map(str, found.shape)),
        **counts,
        "prepared": found.folder if found.prepared else f"no: darnax data prepare {name}",
        "made from": ORIGIN[found.origin],
        "classes": found.classes,
        "": ", ".join(found.class_names),
    }
    tables.show(("dataset", name), facts.items())


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
    from darnax.data import prepare

    with progress_bar() as progress:
        folder = prepare(
            name,
            data_folder(directory),
            archives=archives and archives.expanduser(),
            progress=progress,
        )
    tables.echo(f"{name} is prepared: {folder}")


def data_folder(directory: Path | None) -> Path:
    """Return the given directory, or the one of the default configuration."""
    if directory is None:
        from darnax.composing.composer import default_value

        directory = Path(default_value("paths.data"))
    return directory.expanduser()
