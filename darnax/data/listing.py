"""The datasets that exist and their descriptions, as plain data."""

import json
from dataclasses import dataclass
from pathlib import Path

from darnax.data.archives import ARCHIVES, find_bundled, names_of_sets, set_of
from darnax.data.finding import find
from darnax.data.sources import READABLE, TFRECORD, data_directory
from darnax.data.untrusted_sets import require_harmless
from darnax.errors import RequestError
from darnax.files import read_text


@dataclass(frozen=True)
class Row:
    """One dataset of the list.

    `origin` is bundled, archives (needs its publisher's files), or tfds (needs TensorFlow and the
    network).
    """

    name: str
    prepared: bool
    origin: str


@dataclass(frozen=True)
class Description:
    """One dataset.

    `splits` is name -> number of examples, empty before the set is prepared; `shape` is that of one
    raw input; `citation` is BibTeX.
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
    """List the sets that darnax can make by itself and every other one prepared in `directory`.

    Any other classification set of TensorFlow Datasets can be named as well. No heavy library is
    imported.
    """
    prepared = _find_prepared(data_directory(directory))
    own = names_of_sets()
    others = sorted(prepared - set(own))
    return [Row(name, name in prepared, _origin_of(name)) for name in (*own, *others)]


def _find_prepared(directory: Path) -> set[str]:
    # The layout is <name>/<version> or <name>/<config>/<version>.
    paths = [
        *directory.glob("[!.]*/*/dataset_info.json"),
        *directory.glob("[!.]*/*/*/dataset_info.json"),
    ]
    readable = [path for path in paths if _is_readable(path)]
    return {path.parent.parent.relative_to(directory).as_posix() for path in readable}


def _is_readable(path: Path) -> bool:
    """Return whether the description of a set names a format that training reads."""
    try:
        require_harmless(path.parent)
        info = json.loads(read_text(path))
    except (OSError, ValueError, RecursionError, RequestError):
        return False
    # A description without a format is of an older TFDS, which wrote TFRecord only.
    return isinstance(info, dict) and info.get("fileFormat", TFRECORD) in READABLE


def _origin_of(name: str) -> str:
    if find_bundled(name):
        return "bundled"
    return "archives" if set_of(name) in ARCHIVES else "tfds"


def describe(name: str, directory: str | Path | None = None) -> Description:
    """Return the description of a set, prepared or not.

    Raises:
        RequestError: the name is unknown, the set is not for classification, or it is damaged.
    """
    data_dir = data_directory(directory)
    source = find(name, data_dir)
    if source is None:
        what = f"{name} in {data_dir} is damaged: `darnax data prepare {name}` makes it anew"
        raise RequestError(what)
    return Description(
        name=name,
        version=str(source.builder.version),
        text=source.builder.info.description.strip(),
        splits=source.counts,
        shape=source.shape,
        class_names=source.class_names,
        prepared=source.prepared,
        origin=_origin_of(name),
        folder=source.folder,
        citation=source.builder.info.citation,
    )
