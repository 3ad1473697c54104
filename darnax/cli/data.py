"""`darnax data`: list, show and prepare datasets."""

from pathlib import Path
from typing import Annotated

import typer

from darnax.cli import tables
from darnax.cli.display import progress_bar
from darnax.cli.options import Debug
from darnax.errors import RequestError
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

OPEN = ("data.shape=null", "data.classes=null")  # are read from the data
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
    overrides = [word for word in words if "=" in word]
    names = [word for word in words if "=" not in word]
    if len(names) > 1 or (names and overrides):
        what = f"got {' '.join(words)}, expected one name, or overrides such as data.path=DIR"
        raise RequestError(what)
    if names and png is None:
        describe_dataset(names[0], directory)
        return
    if names:
        overrides = [f"data.name={names[0]}", "data.validation=0", *OPEN]
    if directory is not None:
        overrides.append(f"paths.data={directory.expanduser()}")
    report_configured(overrides, png)


def report_configured(overrides: list[str], png: Path | None) -> None:
    """Show what is in the data of a configuration, and draw examples of every class."""
    from darnax.cli.display import display
    from darnax.laboratory.data_report import report_data
    from darnax.laboratory.machine import compose_here

    found = report_data(compose_here(overrides, None).resolved, display())
    low = min(split.low for split in found.splits.values())
    high = max(split.high for split in found.splits.values())
    facts = {
        "input": f"{' x '.join(map(str, found.shape))}, {found.dtype}, from {low:g} to {high:g}",
        "encoded": " x ".join(map(str, found.encoded)),
        "classes": len(found.class_names) or "none: targets are numbers",
    }
    tables.show(("data", found.name), facts.items())
    rows = [("all", *(split.examples for split in found.splits.values()))]
    for number, name in enumerate(found.class_names):
        rows.append((name, *(split.counts[number] for split in found.splits.values())))
    tables.echo("")
    tables.show(("examples", *found.splits), rows)
    if png is not None:
        from darnax.local_data.contact_sheet import draw_sheet, write_sheet

        write_sheet(png, draw_sheet(*found.sample, found.class_names))
        tables.echo(f"picture: {png}")


def describe_dataset(name: str, directory: Path | None) -> None:
    """Show the description of a dataset, without opening it."""
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
