"""Oracle: the archives that were written, and TFDS itself as the reader of what was prepared."""

import gzip
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from darnax.data import archive_builder, describe, open_dataset, prepare, preparing
from darnax.data.idx import read_pair
from darnax.errors import RequestError


def multiset(images: np.ndarray, labels: np.ndarray) -> list[bytes]:
    return sorted(
        bytes(image) + bytes([int(label)])
        for image, label in zip(np.asarray(images), np.asarray(labels), strict=True)
    )


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "kmnist"])
def test_plain_tfds_reads_it(tiny: Path, tmp_path: Path, name: str) -> None:
    folder = prepare(name, tmp_path / "data", archives=tiny)
    assert folder == tmp_path / "data" / name / "3.0.1"
    for split in ("train", "test"):
        source = tfds.data_source(name, split=split, data_dir=tmp_path / "data")
        examples = [source[i] for i in range(len(source))]
        assert multiset([e["image"] for e in examples], [e["label"] for e in examples]) == multiset(
            *read_pair(tiny, split)
        )
    assert "tensorflow" not in sys.modules


def test_has_name_version_and_features_of_the_registered_builder(
    tiny: Path, tmp_path: Path
) -> None:
    prepare("fashion_mnist", tmp_path, archives=tiny)
    info, registered = (
        tfds.builder("fashion_mnist", data_dir=tmp_path).info,
        tfds.builder_cls("fashion_mnist")(data_dir="/none").info,
    )
    assert (info.name, info.version, info.supervised_keys) == (
        registered.name,
        registered.version,
        registered.supervised_keys,
    )
    assert info.features.to_json() == registered.features.to_json()


def test_opened_splits_are_those_of_the_archives(tiny: Path, tmp_path: Path) -> None:
    dataset = open_dataset("mnist", directory=tmp_path)
    for split, name in ((dataset.train, "train"), (dataset.test, "test")):
        (window,) = split.windows(0)
        assert window.inputs.dtype == np.uint8
        assert window.targets.dtype == np.int32
        assert multiset(window.inputs, window.targets) == multiset(*read_pair(tiny, name))
    assert dataset.validation is None
    assert dataset.class_names == tuple("0123456789")


def test_progress_reports_every_stage_to_its_end(tiny: Path, tmp_path: Path) -> None:
    stages: list[tuple[str, int, int]] = []
    prepare("mnist", tmp_path, progress=lambda *what: stages.append(what))
    last = {stage: (done, total) for stage, done, total in stages}
    assert last == {
        f"{verb} mnist {split}": (n, n)
        for verb in ("prepare", "decode")
        for split, n in (("train", 60), ("test", 20))
    }


def test_a_prepared_set_is_not_built_again(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare("mnist", tmp_path)
    monkeypatch.setattr(preparing, "_build", None)
    monkeypatch.setattr(preparing, "decode", None)
    open_dataset("mnist", directory=tmp_path)


def test_two_processes_build_a_set_once(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[str] = []
    original = archive_builder.archive_builder
    monkeypatch.setattr(
        preparing,
        "archive_builder",
        lambda name, *rest: built.append(name) or original(name, *rest),
    )
    with ThreadPoolExecutor(2) as pool:
        sets = list(pool.map(lambda _: open_dataset("mnist", directory=tmp_path), range(2)))
    assert built == ["mnist"]
    assert [len(dataset.train) for dataset in sets] == [60, 60]


@pytest.mark.parametrize("file", ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"])
def test_a_wrong_archive_is_refused(
    tiny: Path, tmp_path: Path, file: str, write_archives: Callable[..., dict[str, np.ndarray]]
) -> None:
    raw = bytearray((tiny / file).read_bytes())
    raw[len(raw) // 2] ^= 1
    (tiny / file).write_bytes(raw)
    with pytest.raises(RequestError, match=f"{file}.*sha256"):
        prepare("mnist", tmp_path / "data")
    (tiny / file).write_bytes(raw[:-3])
    with pytest.raises(RequestError, match=f"{file}.*bytes"):
        prepare("mnist", tmp_path / "data")
    (tiny / file).unlink()
    with pytest.raises(RequestError, match=f"{file}.*does not exist"):
        prepare("mnist", tmp_path / "data")
    assert not (tmp_path / "data" / "mnist").exists()


def test_registered_checksums_are_those_of_tfds(
    tmp_path: Path, write_archives: Callable[..., dict[str, np.ndarray]]
) -> None:
    write_archives(tmp_path / "archives")
    with pytest.raises(RequestError) as caught:
        prepare("fashion_mnist", tmp_path / "data", archives=tmp_path / "archives")
    assert "expected 26421880" in str(caught.value)
    assert len(caught.value.problems) == 4


def test_another_sets_examples_are_refused(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("darnax.data.decoding.FINGERPRINTS", {("mnist", "train"): "0" * 64})
    with pytest.raises(RequestError, match="of another set"):
        open_dataset("mnist", directory=tmp_path / "data")


def test_a_builder_that_cannot_be_made_without_tensorflow_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The features of `coco` need TensorFlow, which TFDS also prints; darnax prints nothing."""
    with pytest.raises(RequestError, match=r"coco.*needs tensorflow.*pip install tensorflow$"):
        prepare("coco", tmp_path)
    assert capfd.readouterr() == ("", "")


def test_missing_requirements_are_named(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(
        RequestError, match=r"food101 is not prepared.*TensorFlow.*pip install tensorflow"
    ):
        open_dataset("food101", directory=tmp_path)
    with pytest.raises(RequestError, match="got archives for food101, expected none"):
        prepare("food101", tmp_path, archives=tiny)


def test_an_unknown_name_gives_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"data\.name: got 'fashon_mnist'.*fashion_mnist"):
        open_dataset("fashon_mnist", directory=tmp_path)
    (tmp_path / "mnist").mkdir()
    with pytest.raises(RequestError, match=r"nearest: mnist, (?!mnist,)"):
        open_dataset("mnist3", directory=tmp_path)


def test_a_set_that_is_not_for_classification_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="not for classification"):
        describe("wider_face", tmp_path)


def test_bytes_that_are_not_idx_are_refused_even_when_registered(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tiny / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(b"nothing"))
    monkeypatch.setattr(preparing, "check_archives", lambda *_: None)
    with pytest.raises(RequestError, match="mnist cannot be prepared"):
        open_dataset("mnist", directory=tmp_path / "data")


def test_archives_that_do_not_belong_together_are_refused(
    tmp_path: Path, write_archives: Callable[..., dict[str, np.ndarray]]
) -> None:
    write_archives(tmp_path / "a", train=60)
    write_archives(tmp_path / "b", train=50)
    (tmp_path / "b" / "train-labels-idx1-ubyte.gz").replace(
        tmp_path / "a" / "train-labels-idx1-ubyte.gz"
    )
    with pytest.raises(RequestError, match="train has 60 images and 50 labels"):
        read_pair(tmp_path / "a", "train")
