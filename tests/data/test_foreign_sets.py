"""Prepared datasets of any origin. Oracles: a module that must not be imported; refusals."""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darnax.data import catalogue, describe, open_dataset, prepare
from darnax.data.cache import _checksums
from darnax.data.tfrecord import TFRecords
from darnax.errors import RequestError

RECORD = "kmnist-train.array_record-00000-of-00001"
CANARY = "darnax_canary"
FEATURES = "tensorflow_datasets.core.features"


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """Limit the time: waiting for a FIFO or reading a device would never end."""

    def give_up(*_: Any) -> None:
        raise TimeoutError("the set was waited for")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def kmnist(tmp_path_factory: pytest.TempPathFactory, write_archives: Callable[..., Any]) -> Path:
    """Prepare a small dataset without archives, in a folder of its own."""
    from darnax.data import archives, decoding

    folder = tmp_path_factory.mktemp("kmnist")
    write_archives(folder / "archives")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            archives,
            "load_checksums",
            lambda _: {p.name: registered(p) for p in (folder / "archives").iterdir()},
        )
        patch.setattr(decoding, "FINGERPRINTS", {})
        prepare("kmnist", folder / "data", archives=folder / "archives")
    return folder / "data"


def registered(path: Path) -> Any:
    import hashlib

    from darnax.data.archives import Checksum

    return Checksum(path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def place(kmnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("darnax.data.preparing.find_spec", lambda name: None)
    shutil.copytree(kmnist, tmp_path / "data")
    return tmp_path / "data"


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def nowhere(path: Path) -> None:
    path.symlink_to("/nowhere/at/all")


def loop(path: Path) -> None:
    path.symlink_to(path)


IRREGULAR = [fifo, device, folder, nowhere, loop]


def replace(path: Path, make_irregular: Callable[[Path], None]) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    make_irregular(path)


@pytest.mark.parametrize("make_irregular", IRREGULAR)
@pytest.mark.parametrize("file", ["dataset_info.json", "features.json", RECORD])
def test_an_irregular_file_of_a_dataset_gives_one_message(
    place: Path, file: str, make_irregular: Callable[[Path], None]
) -> None:
    replace(place / "kmnist/3.0.1" / file, make_irregular)
    for ask in (lambda: open_dataset("kmnist", directory=place), lambda: describe("kmnist", place)):
        with pytest.raises(RequestError, match=f"{file}: (is not a regular file|cannot be read)"):
            ask()
    assert not [row.name for row in catalogue(place) if row.prepared]


@pytest.mark.parametrize("make_irregular", IRREGULAR)
@pytest.mark.parametrize("file", ["manifest.json", "train-inputs.npy", "test-targets.npy"])
def test_an_irregular_cache_file_is_replaced(
    place: Path, file: str, make_irregular: Callable[[Path], None]
) -> None:
    replace(place / "kmnist/3.0.1/decoded" / file, make_irregular)
    assert len(open_dataset("kmnist", directory=place).train) == 60
    assert (place / "kmnist/3.0.1/decoded" / file).is_file()


@pytest.mark.parametrize("make_irregular", [fifo, device, nowhere, loop])
def test_an_irregular_cache_folder_is_reported(
    place: Path, make_irregular: Callable[[Path], None]
) -> None:
    replace(place / "kmnist/3.0.1/decoded", make_irregular)
    with pytest.raises(RequestError, match="decoded: is not a folder, expected the decoded arrays"):
        open_dataset("kmnist", directory=place)
    assert os.path.lexists(place / "kmnist/3.0.1/decoded")


@pytest.mark.parametrize("make_irregular", IRREGULAR)
def test_an_irregular_lock_or_scratch_folder_is_reported_or_removed(
    place: Path, make_irregular: Callable[[Path], None]
) -> None:
    (place / "kmnist/3.0.1/decoded/manifest.json").unlink()  # so that both are needed
    replace(place / "kmnist/3.0.1/.decoded.partial", make_irregular)
    assert len(open_dataset("kmnist", directory=place).train) == 60
    (place / "kmnist/3.0.1/decoded/manifest.json").unlink()
    replace(place / ".darnax-kmnist.lock", make_irregular)
    with pytest.raises(RequestError, match=r"paths\.data: cannot write in"):
        open_dataset("kmnist", directory=place)


@pytest.mark.parametrize("make_irregular", IRREGULAR)
def test_an_irregular_archive_is_reported(
    tmp_path: Path, write_archives: Callable[..., Any], make_irregular: Callable[[Path], None]
) -> None:
    write_archives(tmp_path / "archives")
    replace(tmp_path / "archives/t10k-labels-idx1-ubyte.gz", make_irregular)
    with pytest.raises(
        RequestError,
        match=r"t10k-labels-idx1-ubyte\.gz: (cannot be read|does not exist|has \d+ bytes)",
    ):
        prepare("fashion_mnist", tmp_path / "data", archives=tmp_path / "archives")


def test_a_link_to_a_regular_file_is_read(place: Path) -> None:
    record = place / "kmnist/3.0.1" / RECORD
    record.rename(place / "elsewhere")
    record.symlink_to(place / "elsewhere")
    assert len(open_dataset("kmnist", directory=place).train) == 60


def feature(name: str) -> dict[str, Any]:
    return {"pythonClassName": name, "tensor": {"shape": {}, "dtype": "int64"}}


HIDDEN = {
    "of the set": lambda f: f | {"pythonClassName": f"{CANARY}.Features"},
    "of a feature": lambda f: (
        f | {"featuresDict": {"features": {"image": feature(f"{CANARY}.Image")}}}
    ),
    "in the other notation": lambda f: (
        {"python_class_name": f"{CANARY}.Features"} | {"featuresDict": f["featuresDict"]}
    ),
    "in the former format": lambda _: {"type": f"{CANARY}.Features", "content": {}},
    "inside of the former format": lambda _: {
        "type": f"{FEATURES}.features_dict.FeaturesDict",
        "content": {"image": {"type": f"{CANARY}.Image", "content": {}}},
    },
    "in JSON in a string": lambda _: {
        "pythonClassName": f"{FEATURES}.features_dict.FeaturesDict",
        "jsonFeature": {"json": json.dumps({"image": {"type": f"{CANARY}.Image", "content": {}}})},
    },
    "of a module with the same prefix": lambda f: (
        f | {"pythonClassName": f"{FEATURES}_{CANARY}.Features"}
    ),
}


@pytest.mark.parametrize("name", ["kmnist", "unheard_of"])
@pytest.mark.parametrize("hide", HIDDEN.values(), ids=HIDDEN.keys())
def test_no_module_that_a_file_names_is_imported(
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hide: Callable[[Any], Any],
    name: str,
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / f"{CANARY}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')")
    shutil.copytree(place / "kmnist/3.0.1", place / "unheard_of/1.0.0")
    path = place / name / ("3.0.1" if name == "kmnist" else "1.0.0") / "features.json"
    path.write_text(json.dumps(hide(json.loads(path.read_text()))))
    for ask in (lambda: open_dataset(name, directory=place), lambda: describe(name, place)):
        with pytest.raises(
            RequestError, match=r"features\.json: names the feature .*its module is not imported"
        ):
            ask()
    assert not (tmp_path / "imported").exists()
    assert CANARY not in sys.modules


def changed(path: Path, change: Callable[[Any], None]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


OUTSIDE = {
    "a template": lambda info: info["splits"][0].update(
        filepathTemplate="../../{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"
    ),
    "a split": lambda info: info["splits"][0].update(name="../train"),
    "the set": lambda info: info.update(name="../kmnist"),
    "a format": lambda info: info.update(fileFormat="../x"),
}


@pytest.mark.parametrize("change", OUTSIDE.values(), ids=OUTSIDE.keys())
def test_no_file_outside_of_the_folder_is_read(place: Path, change: Callable[[Any], None]) -> None:
    shutil.copytree(place / "kmnist/3.0.1", place / "unheard_of/1.0.0")
    changed(place / "unheard_of/1.0.0/dataset_info.json", change)
    with pytest.raises(RequestError, match=r"dataset_info\.json: has .*expected one without '/'"):
        open_dataset("unheard_of", directory=place)


HUGE = {
    "many examples": lambda info: info["splits"][0].update(shardLengths=[str(10**15)]),
    "more than an index holds": lambda info: info["splits"][0].update(
        shardLengths=[str(2**63 - 1)]
    ),
    "a negative number": lambda info: info["splits"][0].update(shardLengths=["-5"]),
}


@pytest.mark.parametrize("change", HUGE.values(), ids=HUGE.keys())
def test_a_missing_number_of_examples_is_reported(
    place: Path, change: Callable[[Any], None]
) -> None:
    changed(place / "kmnist/3.0.1/dataset_info.json", change)
    with pytest.raises(RequestError):
        open_dataset("kmnist", directory=place)


SIZES = {
    "classes": (["label", "classLabel"], {"numClasses": str(10**12)}, "classes, expected at most"),
    "images": (
        ["image", "image"],
        {"dtype": "uint8", "shape": {"dimensions": [str(10**12)] * 3}},
        "cannot be read",
    ),
    "an image": (
        ["image", "image"],
        {"dtype": "uint8", "shape": {"dimensions": [str(10**9), "28", "1"]}},
        "cannot be read",
    ),
}


@pytest.mark.parametrize(("where", "content", "message"), SIZES.values(), ids=SIZES.keys())
def test_features_larger_than_memory_are_reported(
    place: Path, where: list[str], content: dict[str, Any], message: str
) -> None:
    shutil.copytree(place / "kmnist/3.0.1", place / "unheard_of/1.0.0")

    def change(features: Any) -> None:
        features["featuresDict"]["features"][where[0]][where[1]] = content

    changed(place / "unheard_of/1.0.0/features.json", change)
    with pytest.raises(RequestError, match=message):
        open_dataset("unheard_of", directory=place)


def test_a_huge_record_file_is_reported(place: Path) -> None:
    with (place / "kmnist/3.0.1" / RECORD).open("ab") as file:
        file.truncate(1 << 40)
    with pytest.raises(RequestError, match="has files of 1099511"):
        open_dataset("kmnist", directory=place)


def test_a_hole_in_a_tfrecord_file_is_found_at_its_beginning(tmp_path: Path) -> None:
    with (tmp_path / "file").open("ab") as file:
        file.truncate(1 << 40)
    with pytest.raises(ValueError, match="does not have its checksum"):
        TFRecords([tmp_path / "file"])


@pytest.mark.parametrize("split", ["../evil/train", "../../3.0.1/evil", "train\u0000"])
def test_a_cache_links_to_no_other_file(place: Path, split: str) -> None:
    version = place / "kmnist/3.0.1"
    (version / ".evil").mkdir()
    for part in ("inputs", "targets"):
        os.mkfifo(version / ".evil" / f"train-{part}.npy")
    changed(
        version / "decoded/manifest.json",
        lambda manifest: manifest.update(splits=["../.evil/train", split]),
    )
    assert len(open_dataset("kmnist", directory=place).train) == 60


def test_a_cache_of_zip_files_is_replaced(place: Path) -> None:
    version = place / "kmnist/3.0.1"
    for path in (version / "decoded").glob("*.npy"):
        with path.open("wb") as file:
            np.savez(file, np.zeros(3))
    manifest = {
        "splits": ["train", "test"],
        "dataset": _checksums(version),
        "arrays": _checksums(version / "decoded"),
    }
    (version / "decoded/manifest.json").write_text(json.dumps(manifest))
    assert len(open_dataset("kmnist", directory=place).train) == 60


def test_a_huge_description_is_reported(place: Path) -> None:
    with (place / "kmnist/3.0.1/dataset_info.json").open("ab") as file:
        file.truncate(1 << 40)  # a sparse file
    with pytest.raises(RequestError, match=r"dataset_info\.json: has more than 16777216 bytes"):
        open_dataset("kmnist", directory=place)


def test_a_consistent_cache_of_another_set_is_replaced(place: Path) -> None:
    from darnax.data.cache import write_cache
    from darnax.data.reader import Arrays

    expected = np.asarray(next(open_dataset("kmnist", directory=place).train.windows(None)).targets)
    inputs = np.zeros((60, 28, 28, 1), np.uint8)
    wrong = [
        Arrays(inputs, np.full(60, 77, np.int32)),
        Arrays(inputs[:, :2], np.zeros(60, np.int32)),
        Arrays(inputs[:5], np.zeros(5, np.int32)),
    ]
    for arrays in wrong:
        write_cache(
            place / "kmnist/3.0.1",
            {"train": arrays, "test": Arrays(inputs[:20], np.zeros(20, np.int32))},
            "kmnist",
            [str(label) for label in range(10)],
        )
        np.testing.assert_array_equal(
            next(open_dataset("kmnist", directory=place).train.windows(None)).targets, expected
        )
