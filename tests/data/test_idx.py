"""Oracle: the arrays that were written, byte by byte, by the description of the format."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from darnax.data.idx import read_idx
from darnax.errors import RequestError


def idx_bytes(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 0x08, array.ndim]) + b"".join(
        size.to_bytes(4, "big") for size in array.shape
    )
    return header + array.tobytes()


@pytest.mark.parametrize("shape", [(7,), (0,), (3, 4), (5, 2, 3)])
def test_reads_what_was_written(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(idx_bytes(array)))
    read = read_idx(path)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, array)


GOOD = idx_bytes(np.zeros((3, 4), np.uint8))


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(GOOD)[:-9],
        gzip.compress(GOOD)[:5],
        b"",
        GOOD,
        gzip.compress(GOOD[:-1]),
        gzip.compress(GOOD + b"\0"),
        gzip.compress(GOOD[:6]),
        gzip.compress(b"\0\0\x0d\x01" + bytes(4)),
        gzip.compress(b"<html>"),
        gzip.compress(b""),
    ],
    ids=[
        "truncated gzip",
        "gzip header",
        "empty",
        "not gzip",
        "short",
        "long",
        "half a header",
        "floats",
        "an HTML page",
        "nothing",
    ],
)
def test_refuses_anything_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(content)
    with pytest.raises(RequestError, match=r"a\.gz"):
        read_idx(path)


def test_reads_an_archive_of_more_than_16_mib(tmp_path: Path) -> None:
    """The images of Fashion-MNIST have 26 MB, whereas no configuration or record is so large."""
    values = np.random.default_rng(0).integers(0, 256, (20 << 20, 1), dtype=np.uint8)
    header = bytes([0, 0, 8, 2]) + np.array(values.shape, ">u4").tobytes()
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(header + values.tobytes(), compresslevel=0))
    assert np.array_equal(read_idx(path), values)
