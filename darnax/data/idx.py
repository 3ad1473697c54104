"""The IDX format: a magic number, the dimensions, then bytes, all big endian."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from darnax.errors import RequestError
from darnax.files import in_memory, read_bytes
from darnax.printing import count_of

_UNSIGNED_BYTE = 0x08
_PREFIXES = {"train": "train", "test": "t10k"}  # split -> prefix of its archives


def read_idx(path: Path) -> np.ndarray:
    """Read one gzipped IDX file of unsigned bytes.

    Raises:
        RequestError: the file is truncated, is not gzip, or contradicts its header.
    """
    try:
        compressed = read_bytes(path, in_memory())
    except OSError as error:
        what = f"{path} is not a readable gzip archive ({error}): copy it again"
        raise RequestError(what) from error
    return parse_idx(compressed, str(path))


def parse_idx(compressed: bytes, name: str) -> np.ndarray:
    """Return the array of a gzipped IDX file; see `read_idx`.

    Args:
        compressed: the content of the file.
        name: of the file, for messages.
    """
    try:
        raw = gzip.decompress(compressed)
    except (OSError, EOFError, zlib.error) as error:
        what = f"{name} is not a readable gzip archive ({error}): copy it again"
        raise RequestError(what) from error
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] != _UNSIGNED_BYTE:
        got = f"{name} begins with {raw[:4].hex()}"
        raise RequestError(f"{got}, expected an IDX file of unsigned bytes (0000 08..)")
    axes = raw[3]
    header = 4 + 4 * axes
    shape = [-1]  # of a truncated header: no data match it
    if len(raw) >= header:
        shape = np.frombuffer(raw, ">u4", count=axes, offset=4).tolist()
    data = raw[header:]
    if len(data) != math.prod(shape):
        got = f"holds {count_of(len(data), 'byte')} of data"
        raise RequestError(f"{name} {got}, expected {shape} from its header: copy it again")
    return np.frombuffer(data, np.uint8).reshape(shape)


def read_pair(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and labels of one split of MNIST or a similar set, in their order.

    Images are (n, height, width, 1) uint8, labels (n,) int64.

    Raises:
        RequestError: an archive is damaged, or their lengths differ.
    """
    prefix = _PREFIXES[split]
    images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz")
    return join_pair(images, labels, f"{folder}: {split}")


def join_pair(images: np.ndarray, labels: np.ndarray, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Return images with an axis for the channel, and labels as integers of 64 bits.

    Raises:
        RequestError: their lengths differ.
    """
    if len(images) != len(labels):
        got = f"{count_of(len(images), 'image')} and {count_of(len(labels), 'label')}"
        raise RequestError(f"{what} has {got}, expected equal numbers")
    return images[..., None], labels.astype(np.int64)
