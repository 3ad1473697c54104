"""Oracles: check values of RFC 3720, a checksum byte by byte, the same set as array_record."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darnax.data import catalogue, open_dataset, prepare
from darnax.data.crc32c import crc32c, masked_crc32c
from darnax.data.finding import find
from darnax.data.tfrecord import TFRecords
from darnax.errors import RequestError


def byte_by_byte(message: bytes) -> int:
    register = 0xFFFFFFFF
    for byte in message:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def test_check_values() -> None:
    messages = [
        b"123456789",
        bytes(32),
        b"\xff" * 32,
        bytes(range(32)),
        bytes(reversed(range(32))),
        b"",
    ]
    expected = [0xE3069283, 0x8A9136AA, 0x62A8AB43, 0x46DD794E, 0x113FDB5C, 0]
    assert crc32c(messages).tolist() == expected


@settings(deadline=None, max_examples=30)
@given(st.lists(st.binary(max_size=9) | st.binary(min_size=250, max_size=900), max_size=6))
def test_many_messages_at_once(messages: list[bytes]) -> None:
    assert crc32c(messages).tolist() == [byte_by_byte(message) for message in messages]


def framed(records: list[bytes]) -> bytes:
    """Write the format from its description."""

    def sealed(part: bytes) -> bytes:
        checksum = byte_by_byte(part)
        return part + struct.pack(
            "<I", ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF
        )

    return b"".join(sealed(struct.pack("<Q", len(record))) + sealed(record) for record in records)


def as_tfrecord(folder: Path, shards: int = 1) -> None:
    """Rewrite the records of a prepared dataset in the default format of TFDS."""
    info = json.loads((folder / "dataset_info.json").read_text())
    source = find(info["name"], folder.parents[1])
    assert source is not None
    for split in info["splits"]:
        records = source.records(split["name"])
        parts = np.array_split(np.arange(len(records)), shards)
        split["shardLengths"] = [str(len(part)) for part in parts]
        for number, part in enumerate(parts):
            content = framed(records.__getitems__(part.tolist()))
            (
                folder / f"{info['name']}-{split['name']}.tfrecord-{number:05}-of-{shards:05}"
            ).write_bytes(content)
    for path in (*folder.glob("*.array_record*"), *folder.glob("decoded/*")):
        path.unlink()
    (folder / "decoded").rmdir()
    del info["fileFormat"]  # as it was before there were others
    (folder / "dataset_info.json").write_text(json.dumps(info))


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("memory_gib", [2.0, 1e-6], ids=["resident", "streamed"])
def test_tfrecord_holds_what_array_record_holds(
    tiny: Path, tmp_path: Path, shards: int, memory_gib: float
) -> None:
    choice = {"directory": tmp_path, "memory_gib": memory_gib, "window": 7, "only_classes": [3, 1]}
    folder = prepare("mnist", tmp_path)
    expected = [arrays(split) for split in splits(open_dataset("mnist", **choice))]
    as_tfrecord(folder, shards)
    assert catalogue(tmp_path)[0].prepared
    before = (folder / "dataset_info.json").read_bytes()
    found = [arrays(split) for split in splits(open_dataset("mnist", **choice))]
    for one, other in zip(found, expected, strict=True):
        for array, wanted in zip(one, other, strict=True):
            np.testing.assert_array_equal(array, wanted)
    assert (folder / "dataset_info.json").read_bytes() == before  # read as it is, not made anew


def splits(dataset):
    return dataset.train, dataset.test


def arrays(split):
    windows = [
        (np.asarray(w.inputs)[: w.count], np.asarray(w.targets)[: w.count])
        for w in split.windows(None)
    ]
    return [np.concatenate(parts) for parts in zip(*windows, strict=True)]


@pytest.mark.parametrize(
    "place", [3, 9, 40, -3], ids=["a length", "its checksum", "content", "its checksum at the end"]
)
def test_a_changed_byte_is_found(tmp_path: Path, place: int) -> None:
    content = bytearray(framed([b"x" * 100, b"y" * 300]))
    content[place] ^= 1
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=r"checksum|cut short"):
        TFRecords([tmp_path / "file"]).__getitems__([0, 1])


@pytest.mark.parametrize("length", [0, 5, 11, 20, 115, 120, 431])
def test_a_file_cut_short_is_found_or_has_fewer_records(tmp_path: Path, length: int) -> None:
    (tmp_path / "file").write_bytes(framed([b"x" * 100, b"y" * 300])[:length])
    if length == 0:
        assert len(TFRecords([tmp_path / "file"])) == 0
        return
    with pytest.raises(ValueError, match="cut short"):
        TFRecords([tmp_path / "file"])


def test_damage_is_reported(tiny: Path, tmp_path: Path) -> None:
    folder = prepare("kmnist", tmp_path, archives=tiny)
    as_tfrecord(folder)
    record = folder / "kmnist-train.tfrecord-00000-of-00001"
    content = bytearray(record.read_bytes())
    content[100] ^= 1  # of the first record
    record.write_bytes(content)
    with pytest.raises(
        RequestError, match=r"train of kmnist in .* cannot be read \(record \d+ has checksum"
    ):
        open_dataset("kmnist", directory=tmp_path)


def test_masked_checksums_are_those_that_tensorflow_writes() -> None:
    assert masked_crc32c([bytes(8)]).dtype == np.uint32
    # The header of an empty record, as TensorFlow writes it: a length of 0 and its masked checksum.
    assert masked_crc32c([bytes(8)]).tolist() == [0x07980329]
