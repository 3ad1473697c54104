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

    Raises RequestError where the file is cut short, is not gzip, or does not hold what its header says.
    """
    try:
        raw = gzip.decompress(read_bytes(path))
    except (OSError, EOFError, zlib.error) as error:
        raise RequestError(
            f"{path} is not a readable gzip archive ({error}): copy it again"
        ) from error
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] != _UNSIGNED_BYTE:
        raise RequestError(
            f"{path} begins with {raw[:4].hex()}, expected an IDX file of unsigned bytes (0000 08..)"
        )
    shape = (
        np.frombuffer(raw, ">u4", count=raw[3], offset=4).tolist()
        if len(raw) >= 4 + 4 * raw[3]
        else [-1]
    )
    data = raw[4 + 4 * raw[3] :]
    if len(data) != math.prod(shape):
        there = f"holds {count_of(len(data), 'byte')} of data"
        raise RequestError(f"{path} {there}, expected {shape} from its header: copy it again")
    return np.frombuffer(data, np.uint8).reshape(shape)
