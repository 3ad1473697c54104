"""`darnax.datasets`, `describe_data` and `prepare`: which data there are, and what is in them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.api.arguments import require_overrides, require_path
from darnax.api.table import TextTable
from darnax.errors import RequestError
from darnax.laboratory.data_filling import DataFiller
from darnax.laboratory.data_report import DataReport, report_data
from darnax.laboratory.display import DataProgress, Display
from darnax.laboratory.machine import compose_here
from darnax.printing import count_of, printable

if TYPE_CHECKING:
    from darnax.data import Description, Row

OPEN = ("data.shape=null", "data.classes=null")  # are read from the data
ORIGIN = {
    "bundled": "archives that come with darnax",
    "archives": "downloaded archives (--archives)",
    "tfds": "the network, by TensorFlow",
}


class DatasetList(list["Row"]):
    """Datasets: `name`, `prepared`, `origin`; prints as a table."""

    @property
    def table(self) -> TextTable:
        """The table, as `darnax data list` prints it."""
        rows = []
        for entry in self:
            rows.append((entry.name, "yes" if entry.prepared else "no", ORIGIN[entry.origin]))
        return TextTable(("dataset", "prepared", "made from"), rows)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


class DataDescription:
    """What is in some data; prints as text and tables.

    Args:
        found: what is known of a dataset by its name, or the report of data that were opened.
        text: a description in words; "" if there is none.
        tables: facts; of data that were opened, also the numbers of examples by class.
    """

    def __init__(
        self, found: "Description | DataReport", text: str, tables: Sequence[TextTable]
    ) -> None:
        self.found, self.text, self.tables = found, text, tables

    def to_png(self, path: str | Path) -> Path:
        """Draw examples of every class into a file; return its path.

        Raises:
            RequestError: the data were not opened, or the file cannot be written.
        """
        if not isinstance(self.found, DataReport):
            what = "got a description of data that were not opened; use describe_data(…, read=True)"
            raise RequestError(what)
        from darnax.local_data.contact_sheet import draw_sheet, write_sheet

        file = require_path(path, "path")
        write_sheet(file, draw_sheet(*self.found.sample, self.found.class_names))
        return file

    def __repr__(self) -> str:
        text = [printable(line) for line in self.text.split("\n")] if self.text else []
        return "\n\n".join([*(["\n".join(text)] if text else []), *map(repr, self.tables)])

    def _repr_html_(self) -> str:
        return "".join(table._repr_html_() for table in self.tables)


def datasets(directory: str | Path | None = None) -> DatasetList:
    """List the datasets that can be trained on by their names, and whether they are prepared.

    Args:
        directory: of prepared datasets; by default `paths.data` of the default configuration.

    Example:
        >>> import darnax
        >>> [entry.name for entry in darnax.datasets("sets")][:5]
        ['mnist', 'fashion_mnist', 'kmnist', 'cifar10', 'cifar100']
    """
    from darnax.data import catalogue

    return DatasetList(catalogue(data_folder(directory)))


def describe_data(
    *words: str,
    directory: str | Path | None = None,
    read: bool = False,
    progress: bool | None = None,
) -> DataDescription:
    """Describe data: splits, the shape of an input, the classes.

    Args:
        words: the name of a dataset, or overrides that choose data, as `darnax.train` takes them.
        directory: of prepared datasets; by default `paths.data` of the default configuration.
        read: whether to open a dataset that is given by its name; data of overrides are opened.
        progress: whether to show the progress of preparing data.

    Raises:
        RequestError: there are no such data, or they cannot be opened.

    Example:
        >>> import darnax
        >>> data = darnax.describe_data("+experiment=associations")
        >>> data.tables[1].columns, data.tables[1].rows
        (('examples', 'train', 'validation', 'test'), [('all', '50', '50', '50')])
    """
    from darnax.api.display import choose_display

    given = require_overrides(words)
    return describe_words(given, directory, choose_display(progress), read=read)


def describe_words(
    words: Sequence[str], directory: str | Path | None, display: Display, *, read: bool
) -> DataDescription:
    """Describe the data that words choose; see `describe_data`."""
    overrides = [word for word in words if "=" in word]
    names = [word for word in words if "=" not in word]
    if len(names) > 1 or (names and overrides):
        what = f"got {' '.join(words)}, expected one name, or overrides such as data.path=DIR"
        raise RequestError(what)
    if names and not read:
        return describe_named(names[0], directory)
    if names:
        overrides = [f"data.name={names[0]}", "data.validation=0", *OPEN]
    if directory is not None:
        overrides.append(f"paths.data={require_path(directory, 'directory')}")
    composed = compose_here(overrides, None, DataFiller(data_progress=display.data_progress))
    return describe_opened(report_data(composed.resolved, display))


def describe_named(name: str, directory: str | Path | None) -> DataDescription:
    """Return what is known of a dataset without opening it."""
    from darnax.data import describe

    found = describe(name, data_folder(directory))
    facts: dict[str, Any] = {
        "version": found.version,
        "input": " x ".join(map(str, found.shape)),
        **{split: count_of(count, "example") for split, count in found.splits.items()},
        "prepared": found.folder if found.prepared else f"no: darnax data prepare {name}",
        "made from": ORIGIN[found.origin],
        "classes": found.classes,
        "": ", ".join(found.class_names),
    }
    return DataDescription(found, found.text, [facts_table(("dataset", name), facts)])


def describe_opened(found: DataReport) -> DataDescription:
    """Return what is in data that were opened."""
    low = min(split.low for split in found.splits.values())
    high = max(split.high for split in found.splits.values())
    facts = {
        "input": f"{' x '.join(map(str, found.shape))}, {found.dtype}, from {low:g} to {high:g}",
        "encoded": " x ".join(map(str, found.encoded)),
        "classes": len(found.class_names) or f"none: targets are {kind_of_targets(found)}",
    }
    rows = [as_text("all", (split.examples for split in found.splits.values()))]
    for number, name in enumerate(found.class_names):
        rows.append(as_text(name, (split.counts[number] for split in found.splits.values())))
    examples = TextTable(("examples", *found.splits), rows)
    return DataDescription(found, "", [facts_table(("data", found.name), facts), examples])


def kind_of_targets(found: DataReport) -> str:
    """Return what targets that are no classes are: patterns of ±1, or numbers."""
    import numpy as np

    targets = found.sample[1]
    is_pattern = targets.ndim > 1 and bool(np.isin(targets, (-1, 1)).all())
    return f"patterns of {targets[0].size} entries ±1" if is_pattern else "numbers"


def facts_table(columns: Sequence[str], facts: Mapping[str, object]) -> TextTable:
    """Return facts as a table of two columns."""
    return TextTable(columns, [(what, str(value)) for what, value in facts.items()])


def as_text(name: str, counts: Iterable[int]) -> tuple[str, ...]:
    """Return the cells of a row: a name and numbers."""
    return (name, *map(str, counts))


def prepare(
    name: str,
    directory: str | Path | None = None,
    *,
    archives: str | Path | None = None,
    progress: bool | None = None,
) -> Path:
    """Prepare a dataset once, so that training reads it in a second; return its folder.

    Args:
        name: of a dataset, as `darnax.datasets` lists it.
        directory: of prepared datasets; by default `paths.data` of the default configuration.
        archives: a folder with the downloaded archives, for a dataset that is made from them.
        progress: whether to show the progress.

    Raises:
        RequestError: there is no such dataset, or something is missing to prepare it.

    Example:
        >>> import darnax
        >>> darnax.prepare("mnist", "sets").relative_to("sets").as_posix()
        'mnist/3.0.1'
    """
    from darnax.api.display import choose_display

    return prepare_named(name, directory, archives, choose_display(progress).data_progress)


def prepare_named(
    name: str,
    directory: str | Path | None,
    archives: str | Path | None,
    data_progress: DataProgress,
) -> Path:
    """Prepare a dataset, and show the progress; see `prepare`."""
    from darnax.data import prepare as prepare_dataset

    source = None if archives is None else require_path(archives, "archives")
    with data_progress() as move:
        return prepare_dataset(name, data_folder(directory), archives=source, progress=move)


def data_folder(directory: str | Path | None) -> Path:
    """Return the given directory, or the one of the default configuration."""
    if directory is None:
        from darnax.composing.composer import default_value

        directory = str(default_value("paths.data"))
    return require_path(directory, "directory")
