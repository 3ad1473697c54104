"""Which datasets there are and what they hold, as plain data."""

import json
from dataclasses import dataclass
from pathlib import Path

from darnax.data.archives import IDX_SETS, bundled
from darnax.data.foreign import check_folder
from darnax.data.sources import READABLE, TFRECORD, data_directory, find
from darnax.errors import RequestError
from darnax.files import read_text


@dataclass(frozen=True)
class Row:
    """One dataset of the list. `origin`: bundled, archives (its IDX files), or tfds (TensorFlow and the network)."""

    name: str
    prepared: bool
    origin: str


@dataclass(frozen=True)
class Description:
    """One dataset.

    `splits` is name -> examples, empty before the set is prepared; `shape` is of one raw input; `citation` is BibTeX.
    """

    name: str
    version: str
    text: str
    splits: dict[str, int]
    shape: tuple[int, ...]
    class_names: tuple[str, ...]
    prepared: bool
    origin: str
    folder: Path
    citation: str

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)


def catalogue(directory: str | Path | None = None) -> list[Row]:
    """List the sets that darnax can make by itself and every other one prepared in `directory`; imports no heavy library.

    Any other classification set of TensorFlow Datasets can be named as well.
    """
    prepared = _prepared(data_directory(directory))
    return [
        Row(name, name in prepared, _origin(name))
        for name in (*IDX_SETS, *sorted(prepared - set(IDX_SETS)))
    ]


def _prepared(directory: Path) -> set[str]:
    # <name>/<version> or <name>/<config>/<version>
    found = [
        *directory.glob("[!.]*/*/dataset_info.json"),
        *directory.glob("[!.]*/*/*/dataset_info.json"),
    ]
    return {
        path.parent.parent.relative_to(directory).as_posix() for path in found if _is_readable(path)
    }


def _is_readable(path: Path) -> bool:
    """Say whether a set is in a format that training reads, as far as its description goes."""
    try:
        check_folder(path.parent)
        info = json.loads(read_text(path))
    except (OSError, ValueError, RecursionError, RequestError):
        return False
    # Without a format it is TFDS's former one.
    return isinstance(info, dict) and info.get("fileFormat", TFRECORD) in READABLE


def _origin(name: str) -> str:
    return "bundled" if bundled(name) else "archives" if name in IDX_SETS else "tfds"


def describe(name: str, directory: str | Path | None = None) -> Description:
    """Say what a set holds, prepared or not. Raises RequestError: unknown name, not for classification, unreadable."""
    place = data_directory(directory)
    source = find(name, place)
    if source is None:
        raise RequestError(
            f"{name} in {place} is damaged: `darnax data prepare {name}` makes it anew"
        )
    return Description(
        name=name,
        version=str(source.builder.version),
        text=source.builder.info.description.strip(),
        splits=source.counts,
        shape=source.shape,
        class_names=source.class_names,
        prepared=source.prepared,
        origin=_origin(name),
        folder=source.folder,
        citation=source.builder.info.citation,
    )
