"""The archive of EMNIST: a zip file of gzipped IDX files, read without being extracted."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from darnax.data.idx import join_pair, parse_idx
from darnax.errors import RequestError, first_line
from darnax.files import open_regular

ARCHIVE = "gzip.zip"
_LARGEST = 1 << 28  # bytes of one member; the largest there is has 115 MB
_DAMAGE = (OSError, EOFError, ValueError, RuntimeError, zlib.error, zipfile.BadZipFile)


def read_emnist(config: str, folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images (n, 28, 28, 1) uint8 and the labels (n,) int64 of one split.

    Args:
        config: such as `balanced` or `letters`.
        folder: of the archive.
        split: `train` or `test`.

    Raises:
        RequestError: the archive is damaged, or is another one.
    """
    path = folder / ARCHIVE
    arrays = []
    for kind in ("images-idx3", "labels-idx1"):
        member = f"gzip/emnist-{config}-{split}-{kind}-ubyte.gz"
        arrays.append(parse_idx(_read_member(path, member), f"{member} in {path}"))
    return join_pair(arrays[0], arrays[1], f"{path}: {split} of {config}")


def _read_member(path: Path, member: str) -> bytes:
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            if member not in archive.namelist():
                raise RequestError(f"{path} has no {member}: it is another archive")
            with archive.open(member) as inner:
                return inner.read(_LARGEST)
    except _DAMAGE as error:
        what = f"{path} cannot be read ({first_line(error)})"
        raise RequestError(f"{what}: copy or download it again") from error
