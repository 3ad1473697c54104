"""The IDX format: a magic number, the dimensions, then bytes, all big endian."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from darnax.errors import RequestError
from darnax.files import read_bytes
from darnax.printing import count_of

_UNSIGNED_BYTE = 0x08


def read_idx(path: Path) -> np.ndarray:
    """Read one gzipped IDX file of unsigned bytes.

    Raises:
        RequestError: the file is truncated, is not gzip, or contradicts its header.
    """
    try:
        raw = gzip.decompress(read_bytes(path))
    except (OSError, EOFError, zlib.error) as error:
        what = f"{path} is not a readable gzip archive ({error}): copy it again"
        raise RequestError(what) from error
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] != _UNSIGNED_BYTE:
        got = f"{path} begins with {raw[:4].hex()}"
        raise RequestError(f"{got}, expected an IDX file of unsigned bytes (0000 08..)")
    axes = raw[3]
    header = 4 + 4 * axes
    shape = [-1]  # of a truncated header: no data match it
    if len(raw) >= header:
        shape = np.frombuffer(raw, ">u4", count=axes, offset=4).tolist()
    data = raw[header:]
    if len(data) != math.prod(shape):
        got = f"holds {count_of(len(data), 'byte')} of data"
        raise RequestError(f"{path} {got}, expected {shape} from its header: copy it again")
    return np.frombuffer(data, np.uint8).reshape(shape)
