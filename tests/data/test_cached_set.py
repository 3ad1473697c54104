"""Sets opened without TensorFlow Datasets. Oracle: the set as that package describes it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from darnax.data import open_dataset
from darnax.data.cached_outline import find_outline
from darnax.data.finding import find

NAME = "fashion_mnist"


@pytest.fixture
def place(tiny: Path, tmp_path: Path) -> Path:
    """Return the folder of a set that is prepared and decoded."""
    from darnax.data import prepare

    prepare(NAME, tmp_path, tiny)
    return tmp_path


def test_the_cache_describes_what_tfds_describes(place: Path) -> None:
    cached = find(NAME, place)
    assert cached is not None
    assert cached.outline is not None
    source = replace(cached, outline=None)
    for attribute in ("name", "folder", "class_names", "shape", "dtype", "counts", "nbytes"):
        assert getattr(cached, attribute) == getattr(source, attribute), attribute
    version = source.folder.name
    assert find_outline(f"{NAME}:{version}", place) is None  # cached under the other name


def test_a_decoded_set_is_opened_without_tfds(place: Path) -> None:
    code = (
        "import sys; from darnax.data import open_dataset; "
        f"dataset = open_dataset({NAME!r}, directory={str(place)!r}); "
        "print(len(dataset.train), len(dataset.class_names), 'tensorflow_datasets' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    expected = open_dataset(NAME, directory=place)
    assert done.stdout.split() == [f"{len(expected.train)}", "10", "False"]


def change_features(folder: Path) -> None:
    file = folder / "features.json"
    file.write_text(file.read_text() + " ")


def change_labels(folder: Path) -> None:
    with (folder / "decoded/train-targets.npy").open("ab") as file:
        file.write(b"\0")


def add_a_version(folder: Path) -> None:
    shutil.copytree(folder, folder.with_name("9.9.9"))


def forget_the_names(folder: Path) -> None:
    """Leave the manifest that earlier versions wrote."""
    file = folder / "decoded/manifest.json"
    manifest = json.loads(file.read_text())
    del manifest["class_names"], manifest["name"]
    file.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "change", [change_features, change_labels, add_a_version, forget_the_names]
)
def test_tfds_looks_where_the_cache_may_be_wrong(
    place: Path, change: Callable[[Path], None]
) -> None:
    found = find_outline(NAME, place)
    assert found is not None
    change(found.folder)
    assert find_outline(NAME, place) is None
    assert len(open_dataset(NAME, directory=place).train) == found.counts["train"]
