"""TFRecord files, the usual format of TensorFlow Datasets, read without TensorFlow.

A record is its length (8 bytes, little endian), the masked CRC-32C of these bytes, its content, and
the masked CRC-32C of the content.
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
        records = [self._read(index) for index in indices]
        contents = [content for content, _ in records]
        sums = masked_crc32c(contents).tolist()
        for index, (_, expected), got in zip(indices, records, sums, strict=True):
            if got != expected:
                raise ValueError(f"record {index} has checksum {got:08x}, expected {expected:08x}")
        return contents

    def _read(self, index: int) -> tuple[bytes, int]:
        """Return the content of a record and the checksum that the file gives for it."""
        if not 0 <= index < len(self):
            raise ValueError(f"got number {index}, expected one below {len(self)}")
        number = bisect_right(self.starts, index) - 1
        shard = self.shards[number]
        return shard.read(shard.offsets[index - self.starts[number]])


class _Shard:
    """One file and the offsets of its records."""

    def __init__(self, path: Path) -> None:
        self.data: mmap.mmap | bytes = b""
        with open_regular(path) as file:
            if file.seek(0, 2) > 0:  # mmap refuses an empty file
                self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.offsets = self._find_offsets(path)

    def _find_offsets(self, path: Path) -> list[int]:
        """Return the offset of every record, with the checksums of all lengths verified."""
        offsets, offset, size = [], 0, len(self.data)
        while offset < size:
            header = self.data[offset : offset + _HEADER]
            end = offset + _HEADER + int.from_bytes(header[:8], "little") + _FOOTER
            if len(header) < _HEADER or end > size:
                raise ValueError(f"{path.name} is cut short, or damaged, at byte {offset}")
            offsets.append(offset)
            offset = end
            # Check in blocks, not at the end: a sparse file of a terabyte of zeros would otherwise
            # be read as empty records to its end.
            if len(offsets) % _CHECKED == 0:
                self._check_lengths(path, offsets[-_CHECKED:])
        unchecked = len(offsets) % _CHECKED
        self._check_lengths(path, offsets[len(offsets) - unchecked :])
        return offsets

    def _check_lengths(self, path: Path, offsets: list[int]) -> None:
        lengths = [self.data[offset : offset + 8] for offset in offsets]
        expected = [struct.unpack_from("<I", self.data, offset + 8)[0] for offset in offsets]
        if masked_crc32c(lengths).tolist() != expected:
            what = "the length of a record does not have its checksum"
            raise ValueError(f"{path.name} is damaged: {what}")

    def read(self, offset: int) -> tuple[bytes, int]:
        """Return the content of the record at `offset` and the checksum stored after it."""
        start = offset + _HEADER
        end = start + int.from_bytes(self.data[offset : offset + 8], "little")
        return bytes(self.data[start:end]), struct.unpack_from("<I", self.data, end)[0]
