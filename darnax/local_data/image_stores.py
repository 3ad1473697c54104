"""Where image files are: in a folder, or in a zip or tar archive that is not extracted."""

import abc
import bz2
import gzip
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from darnax.errors import explain_unreadable, first_line
from darnax.files import open_regular, read_bytes
from darnax.local_data.image_listing import Contents, Member, name_some, refuse, walk_folder
from darnax.printing import count_of

LARGEST = 1 << 27  # bytes of one image file
_BLOCK = 128
_MOST_TIMES = 200  # largest plausible size of an archive's content, relative to the archive
_ALWAYS = 1 << 28  # bytes of content that any archive may have
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
)

Content = bytes | str
"""The bytes of a file, or why it cannot be read."""
Block = tuple[Sequence[str], Callable[[], list[Content]]]
"""Names of some files, and what reads them, in a thread of its own."""


class Store(abc.ABC):
    """A folder or an archive of files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.title = path.name

    @abc.abstractmethod
    def signature(self) -> str:
        """Return a text that changes when a file is changed, added or removed."""

    @abc.abstractmethod
    def list_contents(self) -> Contents:
        """Return all files and folders.

        Raises:
            RequestError: something in it must not be read.
        """

    @abc.abstractmethod
    def blocks(self, names: Sequence[str]) -> Iterator[Block]:
        """Yield the files with these names, in any order, some at a time."""


def open_store(path: Path) -> Store:
    """Return the folder or the archive at a path.

    Raises:
        RequestError: there is none, or it is neither.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        what = f"{explain_unreadable(path, error)}; give a folder of images, or an archive of one"
        raise refuse(what) from error
    if stat.S_ISDIR(mode):
        return FolderStore(path)
    if not stat.S_ISREG(mode):
        raise refuse(f"{path} is neither a folder nor a file, expected a folder of images")
    with open_regular(path) as file:
        start = file.read(512)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return ZipStore(path)
    is_compressed = start.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"))
    if is_compressed or start[257:262] == b"ustar":
        return TarStore(path)
    what = "is a file, expected a folder of images, or a zip or tar archive of one"
    raise refuse(f"{path} {what}")


class FolderStore(Store):
    """A folder."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.contents: Contents | None = None

    def signature(self) -> str:
        return self.list_contents().signature()

    def list_contents(self) -> Contents:
        if self.contents is None:
            self.contents = walk_folder(self.path)
        return self.contents

    def blocks(self, names: Sequence[str]) -> Iterator[Block]:
        for start in range(0, len(names), _BLOCK):
            some = names[start : start + _BLOCK]
            yield some, lambda some=some: [self.read(name) for name in some]  # type: ignore[misc]

    def read(self, name: str) -> Content:
        """Return the content of a file, or why it cannot be read."""
        try:
            return read_bytes(self.path / name, LARGEST)
        except OSError as error:
            return error.strerror or first_line(error)


class Archive(Store):
    """A file that contains other files; it changes as a whole."""

    def signature(self) -> str:
        info = self.path.stat()
        return f"{info.st_size} {info.st_mtime_ns}"

    @contextmanager
    def readable(self) -> Iterator[None]:
        """Explain that the archive is damaged, if reading it fails in the block."""
        try:
            yield
        except _DAMAGE as error:
            what = f"{self.path} cannot be read ({first_line(error)})"
            raise refuse(f"{what}; copy or download it again") from error

    def require_safe(self, members: Sequence[tuple[str, int]], strange: Sequence[str]) -> None:
        """Raise RequestError for names that lead elsewhere, links, and implausible sizes."""
        names = [name for name, _ in members]
        outward = [name for name in names if _leads_out(name)]
        if outward:
            what = f"names in {self.path} lead out of it: {name_some(outward)}"
            raise refuse(f"{what}; make the archive anew, with relative names")
        if strange:
            what = f"{self.path} contains links or devices: {name_some(strange)}"
            raise refuse(f"{what}; make the archive anew, of files")
        twice = sorted(name for name, count in Counter(names).items() if count > 1)
        if twice:
            raise refuse(f"{self.path} contains files twice: {name_some(twice)}; make it anew")
        large = [name for name, size in members if size > LARGEST]
        total, most = sum(size for _, size in members), self.most_bytes()
        if large or total > most:
            which = name_some(large) if large else f"all files ({count_of(total, 'byte')})"
            what = f"{self.path} would unpack to implausible sizes: {which}"
            raise refuse(f"{what}; extract it, and give the folder")

    def most_bytes(self) -> int:
        """Return the largest plausible size of all content."""
        return max(_ALWAYS, _MOST_TIMES * self.path.stat().st_size)


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]


class ZipStore(Archive):
    """A zip archive."""

    def list_contents(self) -> Contents:
        with self.readable(), open_regular(self.path) as file, zipfile.ZipFile(file) as archive:
            found = archive.infolist()
        strange = [info.filename for info in found if _is_strange(info)]
        self.require_safe([(info.filename, info.file_size) for info in found], strange)
        files = [Member(info.filename, info.file_size) for info in found if not info.is_dir()]
        return Contents(files, [info.filename.rstrip("/") for info in found if info.is_dir()])

    def blocks(self, names: Sequence[str]) -> Iterator[Block]:
        with self.readable(), open_regular(self.path) as file, zipfile.ZipFile(file) as archive:
            for start in range(0, len(names), _BLOCK):
                some = names[start : start + _BLOCK]
                # Read here: the file of an archive has one position.
                contents = [_read_zipped(archive, name) for name in some]
                yield some, lambda contents=contents: contents  # type: ignore[misc]


def _is_strange(info: zipfile.ZipInfo) -> bool:
    mode = info.external_attr >> 16
    kind = stat.S_IFMT(mode)
    return kind not in (0, stat.S_IFREG, stat.S_IFDIR)


def _read_zipped(archive: zipfile.ZipFile, name: str) -> Content:
    try:
        with archive.open(name) as file:
            return file.read(LARGEST)
    except _DAMAGE as error:
        return first_line(error)


class TarStore(Archive):
    """A tar archive, compressed or not, which is read from its start to its end."""

    @contextmanager
    def opened(self) -> Iterator[tarfile.TarFile]:
        """Open the archive as a stream of members."""
        with self.readable(), open_regular(self.path) as raw:
            bounded: Any = _Bounded(_uncompressed(raw), self.most_bytes())
            with tarfile.open(fileobj=bounded, mode="r|") as archive:
                yield archive

    def list_contents(self) -> Contents:
        members: list[tuple[str, int]] = []
        files, folders, strange = [], [], []
        with self.opened() as archive:
            for member in archive:
                name = member.name.removeprefix("./")
                if name in ("", "."):
                    continue
                members.append((name, member.size))
                if member.isdir():
                    folders.append(name)
                elif member.isreg():
                    files.append(Member(name, member.size))
                else:
                    strange.append(name)
                archive.members = []  # type: ignore[attr-defined]  # which would keep every member
        self.require_safe(members, strange)
        return Contents(files, folders)

    def blocks(self, names: Sequence[str]) -> Iterator[Block]:
        wanted = set(names)
        some: list[str] = []
        contents: list[Content] = []
        with self.opened() as archive:
            for member in archive:
                name = member.name.removeprefix("./")
                if name in wanted and member.isreg():
                    file = archive.extractfile(member)
                    assert file is not None
                    some.append(name)
                    contents.append(file.read(LARGEST))
                if len(some) == _BLOCK:
                    yield some, lambda contents=contents: contents  # type: ignore[misc]
                    some, contents = [], []
                archive.members = []  # type: ignore[attr-defined]
            if some:
                yield some, lambda: contents


def _uncompressed(raw: IO[bytes]) -> IO[bytes]:
    start = raw.read(6)
    raw.seek(0, os.SEEK_SET)
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    if start.startswith(b"BZh"):
        return bz2.BZ2File(raw)
    return lzma.LZMAFile(raw) if start.startswith(b"\xfd7zXZ") else raw


class _Bounded:
    """A stream that fails after so many bytes, for a small archive that unpacks to a huge one."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self.stream = stream
        self.left = limit

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        content = self.stream.read(size if 0 <= size <= self.left else self.left + 1)
        self.left -= len(content)
        if self.left < 0:
            raise OSError("it would unpack to an implausible size; extract it, give the folder")
        return content
