"""TFRecord files, the usual format of TensorFlow Datasets, read without TensorFlow.

A record is its length (8 bytes, little endian), the masked CRC-32C of these bytes, its content, and the masked CRC-32C of that.
"""

import mmap
import struct
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from darnax.data.crc32c import masked_crc32c
from darnax.files import open_regular

_HEADER, _FOOTER = 12, 4
_CHECKED = 4096  # records whose lengths are checked at once


class TFRecords:
    """The records of several files, one file after the other, by number.

    Raises:
        OSError: a file cannot be read, or is not a regular file.
        ValueError: a file is cut short, or a record does not have its checksum.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.shards = [_Shard(path) for path in paths]
        self.starts = [0, *np.cumsum([len(shard.offsets) for shard in self.shards]).tolist()]

    def __len__(self) -> int:
        return self.starts[-1]

    def __getitems__(self, indices: Sequence[int]) -> list[bytes]:
        """Return the content of these records, in that order."""
        found = [self._record(index) for index in indices]
        sums = masked_crc32c([content for content, _ in found])
        for index, (_, expected), got in zip(indices, found, sums.tolist(), strict=True):
            if got != expected:
                raise ValueError(f"record {index} has checksum {got:08x}, expected {expected:08x}")
        return [content for content, _ in found]

    def _record(self, index: int) -> tuple[bytes, int]:
        """Return the content of a record and the checksum that it should have."""
        if not 0 <= index < len(self):
            raise ValueError(f"got number {index}, expected one below {len(self)}")
        number = bisect_right(self.starts, index) - 1
        shard = self.shards[number]
        return shard.record(shard.offsets[index - self.starts[number]])


class _Shard:
    """One file, with where its records begin."""

    def __init__(self, path: Path) -> None:
        with open_regular(path) as file:
            empty = file.seek(0, 2) == 0
            self.data: mmap.mmap | bytes = (
                b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            )
        self.offsets = self._offsets(path)

    def _offsets(self, path: Path) -> list[int]:
        offsets, offset, size = [], 0, len(self.data)
        while offset < size:
            header = self.data[offset : offset + _HEADER]
            end = offset + _HEADER + int.from_bytes(header[:8], "little") + _FOOTER
            if len(header) < _HEADER or end > size:
                raise ValueError(f"{path.name} is cut short, or damaged, at byte {offset}")
            offsets.append(offset)
            offset = end
            if (
                len(offsets) % _CHECKED == 0
            ):  # or a hole of a terabyte would be walked through to its end
                self._check_lengths(path, offsets[-_CHECKED:])
        self._check_lengths(path, offsets[len(offsets) - len(offsets) % _CHECKED :])
        return offsets

    def _check_lengths(self, path: Path, offsets: list[int]) -> None:
        lengths = [self.data[offset : offset + 8] for offset in offsets]
        expected = [struct.unpack_from("<I", self.data, offset + 8)[0] for offset in offsets]
        if masked_crc32c(lengths).tolist() != expected:
            raise ValueError(
                f"{path.name} is damaged: the length of a record does not have its checksum"
            )

    def record(self, offset: int) -> tuple[bytes, int]:
        start = offset + _HEADER
        end = start + int.from_bytes(self.data[offset : offset + 8], "little")
        return bytes(self.data[start:end]), struct.unpack_from("<I", self.data, end)[0]
