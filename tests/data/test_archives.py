"""Sets made of their publishers' archives. Oracle: what was written, and TFDS as the reader."""

import io
import pickle
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import requests
import tensorflow_datasets as tfds
from hypothesis import given, settings
from hypothesis import strategies as st
from made_archives import (
    NAMES,
    Split,
    cifar10_members,
    register,
    tar_bytes,
    write_cifar10,
    write_cifar100,
    write_emnist,
    write_kmnist,
    write_svhn,
)
from scipy.io import savemat
from typer.testing import CliRunner

import darnax
from darnax.cli.app import app
from darnax.data import open_dataset, prepare
from darnax.data.archive_builder import read_features
from darnax.data.archives import ARCHIVES, OPTIONAL, load_checksums
from darnax.errors import RequestError

SETS: dict[str, tuple[Callable[[Path], dict[str, Split]], str]] = {
    "cifar10": (write_cifar10, "cifar10/3.0.2"),
    "cifar100": (write_cifar100, "cifar100/3.0.2"),
    "kmnist": (write_kmnist, "kmnist/3.0.1"),
    "emnist/letters": (write_emnist, "emnist/letters/3.1.0"),
    "svhn_cropped": (write_svhn, "svhn_cropped/3.1.0"),
}
CIFAR = "cifar-10-binary.tar.gz"


@pytest.fixture(autouse=True)
def no_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("darnax.data.preparing.find_spec", lambda name: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "archives").mkdir()
    return tmp_path / "archives"


def as_set(examples: Any) -> list[tuple[bytes, tuple[int, ...]]]:
    """Return examples independent of their order."""
    return sorted((image.tobytes(), tuple(map(int, labels))) for image, labels in examples)


def written_examples(split: Split) -> list[tuple[np.ndarray, tuple[int, ...]]]:
    images, labels = split
    columns = [labels[name] for name in sorted(labels)]
    return list(zip(images, zip(*columns, strict=True), strict=True))


@pytest.mark.parametrize("name", SETS)
def test_plain_tfds_reads_what_the_archives_contain(
    name: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, place = SETS[name]
    splits = write(folder)
    register(folder, monkeypatch)
    assert prepare(name, tmp_path / "sets", archives=folder) == tmp_path / "sets" / place
    for split, written in splits.items():
        source = tfds.data_source(name, split=split, data_dir=tmp_path / "sets")
        found = []
        for index in range(len(source)):
            example = source[index]
            found.append((example["image"], [example[key] for key in sorted(written[1])]))
        assert as_set(found) == as_set(written_examples(written))
    dataset = open_dataset(name, directory=tmp_path / "sets")
    assert (len(dataset.train), len(dataset.test)) == (
        len(splits["train"][0]),
        len(splits["test"][0]),
    )
    assert "tensorflow" not in sys.modules


def test_names_ids_and_further_splits_are_those_of_tfds(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cifar10(folder)
    write_svhn(folder, ("train", "test", "extra"))
    register(folder, monkeypatch)
    prepare("cifar10", tmp_path, archives=folder)
    features = tfds.builder("cifar10", data_dir=tmp_path).info.features
    assert features["label"].names == NAMES[:10]
    source = tfds.data_source("cifar10", split="train", data_dir=tmp_path)
    ids = sorted(source[index]["id"].decode() for index in range(50))
    assert ids == [f"train_{index:05}" for index in range(50)]
    prepare("svhn_cropped", tmp_path, archives=folder)
    splits = tfds.builder("svhn_cropped", data_dir=tmp_path).info.splits
    assert {name: split.num_examples for name, split in splits.items()} == {
        "extra": 30,
        "test": 30,
        "train": 30,
    }


def test_without_archives_the_message_says_what_to_fetch(tmp_path: Path) -> None:
    with pytest.raises(RequestError) as caught:
        prepare("cifar10", tmp_path)
    first, file = map(str, caught.value.problems)
    assert "put these files into a folder DIR" in first
    assert "darnax data prepare cifar10 --archives DIR" in first
    sha256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
    assert f"{CIFAR}: 170052171 bytes, sha256 {sha256}, from http" in file
    for name, count in (("kmnist", 4), ("emnist/balanced", 1), ("svhn_cropped", 3)):
        with pytest.raises(RequestError) as caught:
            open_dataset(name, directory=tmp_path)
        assert len(caught.value.problems) == 1 + count
    with pytest.raises(RequestError, match=r"test_32x32\.mat: does not exist.*64275384 bytes"):
        prepare("svhn_cropped", tmp_path, archives=tmp_path)
    assert not list(tmp_path.glob("*/*.json"))


def test_with_tensorflow_and_without_network_nothing_is_downloaded_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[str] = []

    def refuse(self: Any, request: Any, **kwargs: Any) -> Any:
        attempts.append(request.url)
        assert self.max_retries.total == 0
        raise requests.ConnectionError("there is no network")

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", refuse)
    monkeypatch.setattr("darnax.data.preparing.find_spec", lambda name: name)
    with pytest.raises(RequestError, match=r"there is no network.*; put these files") as caught:
        prepare("svhn_cropped", tmp_path)
    assert sorted(attempts) == sorted(set(attempts))
    assert len(attempts) <= 3
    assert len(caught.value.problems) == 4


def test_another_file_of_the_same_name_is_refused(folder: Path, tmp_path: Path) -> None:
    write_cifar10(folder)
    with pytest.raises(RequestError, match=rf"{CIFAR}: has \d+ bytes, expected 170052171"):
        prepare("cifar10", tmp_path, archives=folder)
    assert not (tmp_path / "cifar10").exists()


ANY = {
    "cifar10": (write_cifar10, CIFAR),
    "emnist": (write_emnist, "gzip.zip"),
    "svhn_cropped": (write_svhn, "train_32x32.mat"),
}


@pytest.mark.parametrize("name", ANY)
@settings(max_examples=40, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(0, 255))
def test_an_archive_that_is_changed_anywhere_is_refused_or_has_the_same_examples(
    name: str, place: float, flip: int
) -> None:
    """A flip of 0 stands for an archive that is cut at this place."""
    write, file = ANY[name]
    with TemporaryDirectory() as place_of_files:
        folder = Path(place_of_files)
        write(folder)
        expected = read_features(name, "letters", folder, "train")
        content = bytearray((folder / file).read_bytes())
        position = int(place * len(content))
        content[position] ^= flip
        (folder / file).write_bytes(content if flip else content[:position])
        try:
            found = read_features(name, "letters", folder, "train")
        except RequestError:
            return
        for feature, values in expected.items():
            np.testing.assert_array_equal(found[feature], values)


def link(kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo("cifar-10-batches-bin/other.bin")
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def members_without(name: str) -> bytes:
    return tar_bytes([member for member in cifar10_members()[0] if name not in member[0]])


def members_with(name: str, change: Callable[[bytes], bytes]) -> bytes:
    changed = []
    for member, content in cifar10_members()[0]:
        changed.append((member, change(content) if name in member else content))
    return tar_bytes(changed)


class Bomb:
    """Leaves a mark where it is unpickled."""

    def __reduce__(self) -> Any:
        return (open, ("unpickled", "w"))


BAD_CIFAR: dict[str, tuple[Callable[[], bytes], str]] = {
    "cut short": (lambda: tar_bytes(cifar10_members()[0])[:-2000], "cannot be read"),
    "no archive": (lambda: b"<html>not found</html>", "cannot be read"),
    "the Python archive": (
        lambda: tar_bytes([("cifar-10-batches-py/data_batch_1", pickle.dumps(Bomb()))]),
        "it is another archive",
    ),
    "pickles under the right names": (
        lambda: members_with("data_batch_2", lambda content: pickle.dumps(Bomb())),
        "data_batch_2.bin in .* bytes, expected a multiple of 3073",
    ),
    "a name that leads out": (
        lambda: tar_bytes([*cifar10_members()[0], ("../../out.bin", b"x")]),
        "which leads out of it",
    ),
    "an absolute name": (
        lambda: tar_bytes([*cifar10_members()[0], ("/tmp/out.bin", b"x")]),
        "which leads out of it",
    ),
    "a symbolic link": (
        lambda: tar_bytes(cifar10_members()[0], [link(tarfile.SYMTYPE)]),
        "is a link or a device",
    ),
    "a hard link": (
        lambda: tar_bytes(cifar10_members()[0], [link(tarfile.LNKTYPE)]),
        "is a link or a device",
    ),
    "a device": (
        lambda: tar_bytes(cifar10_members()[0], [link(tarfile.CHRTYPE)]),
        "is a link or a device",
    ),
    "a part is missing": (lambda: members_without("data_batch_3"), "has no .*data_batch_3.bin"),
    "a part is cut": (
        lambda: members_with("test_batch", lambda content: content[:-1]),
        "test_batch.bin in .* expected a multiple of 3073",
    ),
    "a label out of range": (
        lambda: members_with("data_batch_5", lambda content: b"\x0a" + content[1:]),
        "label of train in .* is 10, expected 0 to 9",
    ),
}


@pytest.mark.parametrize("what", BAD_CIFAR)
def test_a_bad_archive_with_a_registered_checksum_gives_one_sentence(
    what: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, sentence = BAD_CIFAR[what]
    (folder / CIFAR).write_bytes(make())
    register(folder, monkeypatch)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RequestError, match=sentence) as caught:
        prepare("cifar10", tmp_path / "sets", archives=folder)
    assert len(caught.value.problems) == 1
    assert "\n" not in str(caught.value)
    left = [path for path in sorted(tmp_path.rglob("*")) if path not in before]
    assert [path.name for path in left] == ["sets", ".darnax-cifar10.lock"]


def bad_mat(folder: Path, **content: Any) -> None:
    savemat(folder / "train_32x32.mat", content)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"y": np.ones((3, 1), np.uint8)}, "has X of .* expected uint8"),
        ({"X": np.zeros((32, 32, 3, 4)), "y": np.ones((4, 1))}, "has X of float64"),
        (
            {"X": np.zeros((32, 32, 3, 4), np.uint8), "y": np.ones((3, 1), np.uint8)},
            "has y of .* expected 4 integers",
        ),
        (
            {"X": np.zeros((32, 32, 3, 2), np.uint8), "y": np.array([[1], [11]], np.uint8)},
            "are from 1 to 11, expected 1 to 10",
        ),
    ],
)
def test_a_bad_file_of_svhn_gives_one_sentence(
    content: dict[str, Any],
    sentence: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_svhn(folder)
    bad_mat(folder, **content)
    register(folder, monkeypatch)
    with pytest.raises(RequestError, match=sentence):
        prepare("svhn_cropped", tmp_path, archives=folder)


def test_a_damaged_zip_or_mat_file_gives_one_sentence(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_emnist(folder)
    write_svhn(folder)
    for file in ("gzip.zip", "train_32x32.mat"):
        content = (folder / file).read_bytes()
        (folder / file).write_bytes(content[: len(content) // 2])
    register(folder, monkeypatch)
    with pytest.raises(RequestError, match=r"gzip\.zip cannot be read"):
        prepare("emnist/letters", tmp_path, archives=folder)
    with pytest.raises(RequestError, match=r"train_32x32\.mat cannot be read"):
        prepare("svhn_cropped", tmp_path, archives=folder)


def test_another_configuration_than_the_archive_has_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_emnist(folder, "letters")
    register(folder, monkeypatch)
    with pytest.raises(RequestError, match=r"has no gzip/emnist-digits-train-images.*another"):
        prepare("emnist/digits", tmp_path, archives=folder)
    with pytest.raises(RequestError, match=r"emnist/runes.*runes not found"):
        prepare("emnist/runes", tmp_path, archives=folder)


def test_a_tar_with_an_endless_member_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        info = tarfile.TarInfo("cifar-10-batches-bin/batches.meta.txt")
        info.size = 1 << 40  # says the header; the content is not there
        file_header = info.tobuf()
        archive.fileobj.write(file_header)
    (folder / CIFAR).write_bytes(file.getvalue())
    register(folder, monkeypatch)
    with pytest.raises(RequestError, match=r"cannot be read|another archive|expected a multiple"):
        prepare("cifar10", tmp_path, archives=folder)


def test_tfds_registers_every_archive() -> None:
    for name, files in ARCHIVES.items():
        registered = load_checksums(name)
        assert set(registered) == {*files, *OPTIONAL.get(name, ())}
        assert all(len(found.sha256) == 64 and found.size > 1000 for found in registered.values())


CONFIGURATIONS = {
    "cifar10": ("cifar10", write_cifar10, [32, 32, 3], 10, []),
    "cifar100": ("cifar100", write_cifar100, [32, 32, 3], 100, []),
    "cifar100 by superclass": (
        "cifar100",
        write_cifar100,
        [8, 8, 1],
        20,
        ["data.target=coarse_label", "data.resize=[8,8]", "data.colour=grey"],
    ),
    "kmnist": ("kmnist", write_kmnist, [28, 28, 1], 10, []),
    "emnist": ("emnist", write_emnist, [28, 28, 1], 37, ["data.name=emnist/letters"]),
    "svhn": ("svhn", write_svhn, [32, 32, 3], 10, []),
}


@pytest.mark.parametrize("what", CONFIGURATIONS)
def test_a_configuration_for_each_set(
    what: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, write, shape, classes, more = CONFIGURATIONS[what]
    splits = write(folder)
    register(folder, monkeypatch)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "sets"))
    name = {"emnist": "emnist/letters", "svhn": "svhn_cropped"}.get(data, data)
    words = ["data", "prepare", name, "--archives", str(folder)]
    result = CliRunner().invoke(app, words, prog_name="darnax")
    assert result.exit_code == 0, result.output
    open_widths = ["model.adapters.w_in.patch=null", "data.validation=0"]
    config = darnax.compose("+experiment=mnist_chain", f"data={data}", *open_widths, *more)["data"]
    assert (config["shape"], config["classes"]) == (shape, classes)
    described = darnax.describe_data(f"data={data}", "data.validation=0", *more)
    counts = [len(images) for images, _ in splits.values()]
    examples = described.found.splits
    assert [examples[split].examples for split in ("train", "test")] == counts


def test_the_command_prints_what_to_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    for words in (["data", "prepare", "cifar100"], ["data", "show", "data=cifar100"]):
        result = CliRunner().invoke(app, words, prog_name="darnax")
        assert result.exit_code == 2
        assert "cifar-100-binary.tar.gz: 168513733 bytes, sha256 58a81ae192c23a4" in result.output
