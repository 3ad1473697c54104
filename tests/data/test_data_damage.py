"""Oracle: the arrays of the first, undamaged opening. Damage is repaired or refused, never used."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from darnax.data import Dataset, open_dataset, prepare
from darnax.errors import RequestError

RECORD = "mnist-train.array_record-00000-of-00001"


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 3] ^= 0xFF
    path.write_bytes(raw)


def arrays(dataset: Dataset) -> list[np.ndarray]:
    return [
        np.asarray(array)
        for split in (dataset.train, dataset.test)
        for array in next(split.windows(None))[:2]
    ]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepare the dataset once, to be copied."""
    return tmp_path_factory.mktemp("prepared") / "data"


@pytest.mark.parametrize("damage", [truncate, empty, flip, Path.unlink])
@pytest.mark.parametrize(
    "file",
    [
        RECORD,
        "dataset_info.json",
        "decoded/train-inputs.npy",
        "decoded/test-targets.npy",
        "decoded/manifest.json",
    ],
)
def test_damage_is_repaired(
    tiny: Path, tmp_path: Path, prepared: Path, file: str, damage: Callable[[Path], None]
) -> None:
    if not prepared.exists():
        open_dataset("mnist", directory=prepared)
    shutil.copytree(prepared, tmp_path / "data")
    before = arrays(open_dataset("mnist", directory=tmp_path / "data"))
    damage(tmp_path / "data" / "mnist" / "3.0.1" / file)
    for after, expected in zip(
        arrays(open_dataset("mnist", directory=tmp_path / "data")), before, strict=True
    ):
        np.testing.assert_array_equal(after, expected)
    assert (
        len(tfds.data_source("mnist", split="train", data_dir=tmp_path / "data")[7]["image"]) == 28
    )


def test_a_record_cut_short_with_no_cache_is_rebuilt(tiny: Path, tmp_path: Path) -> None:
    folder = prepare("mnist", tmp_path / "data")
    (folder / "decoded" / "manifest.json").unlink()
    truncate(folder / RECORD)
    assert len(open_dataset("mnist", directory=tmp_path / "data").train) == 60


def test_leftovers_of_a_killed_process_are_removed(tiny: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for left in (
        ".darnax-mnist.partial/mnist/3.0.1",
        "mnist/3.0.1/.decoded.partial/decoded",
        "mnist/3.0.1/decoded",
    ):
        (data / left).mkdir(parents=True)
        (data / left / "train-inputs.npy").write_bytes(b"half")
    assert len(open_dataset("mnist", directory=data).train) == 60
    assert not (data / ".darnax-mnist.partial").exists()
    assert not (data / "mnist/3.0.1/.decoded.partial").exists()


def test_fewer_examples_than_described_are_refused(tiny: Path, tmp_path: Path) -> None:
    folder = prepare("kmnist", tmp_path / "data", archives=tiny)
    (folder / "decoded" / "manifest.json").unlink()
    info = json.loads((folder / "dataset_info.json").read_text())
    info["splits"][0]["shardLengths"] = ["61"]
    (folder / "dataset_info.json").write_text(json.dumps(info))
    with pytest.raises(RequestError, match="train of kmnist"):
        open_dataset("kmnist", directory=tmp_path / "data")


@pytest.mark.parametrize("memory_gib", [2.0, 1e-6], ids=["resident", "streamed"])
@pytest.mark.parametrize("damage", [truncate, empty, Path.unlink])
def test_a_damaged_set_without_archives_is_refused(
    tiny: Path, tmp_path: Path, damage: Callable[[Path], None], memory_gib: float
) -> None:
    folder = prepare("kmnist", tmp_path / "data", archives=tiny)
    damage(folder / RECORD.replace("mnist", "kmnist"))
    with pytest.raises(
        RequestError,
        match=r"train of kmnist in .* cannot be read .*put these files into a folder DIR",
    ):
        open_dataset("kmnist", directory=tmp_path / "data", memory_gib=memory_gib)


def test_another_file_format_is_refused_and_kept(tiny: Path, tmp_path: Path) -> None:
    folder = prepare("mnist", tmp_path / "data")
    info = (folder / "dataset_info.json").read_text().replace('"array_record"', '"riegeli"')
    (folder / "dataset_info.json").write_text(info)
    with pytest.raises(RequestError, match="riegeli, which only TensorFlow reads"):
        open_dataset("mnist", directory=tmp_path / "data")
    assert (folder / "dataset_info.json").read_text() == info
