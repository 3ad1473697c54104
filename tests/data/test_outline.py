"""The outline of a dataset before it is opened. Oracle: the opened dataset."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from darnax.data import (
    Associations,
    Dataset,
    is_streamed,
    open_dataset,
    outline_set,
    prepare,
    without_examples,
)
from darnax.data.selection import Selection
from darnax.errors import RequestError


def with_own_validation(tiny: Path, place: Path) -> None:
    """Prepare kmnist, and a set `parted` with the same examples as train and as validation."""
    folder, copy = prepare("kmnist", place, archives=tiny), place / "parted/1.0.0"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("decoded"))
    (record,) = copy.glob("kmnist-train.*")
    shutil.copy(record, copy / record.name.replace("train", "validation"))
    info = json.loads((copy / "dataset_info.json").read_text())
    template = {"filepathTemplate": "kmnist-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"}
    train, test = ({**split, **template} for split in info["splits"])
    splits = [train, test, {**train, "name": "validation"}]
    info |= {"splits": splits, "name": "parted", "version": "1.0.0"}
    (copy / "dataset_info.json").write_text(json.dumps(info))


def sizes(dataset: Dataset) -> list[object]:
    """Return the sizes that must agree with those of a run."""
    parts = (dataset.train, dataset.validation, dataset.test)
    counted = [
        None if split is None else (len(split), *map(split.batches, (1, 7, 1000)))
        for split in parts
    ]
    raw = dataset.test.example()
    return [
        dataset.name,
        dataset.class_names,
        *counted,
        raw.shape,
        raw.dtype,
        is_streamed(dataset.train),
    ]


@pytest.mark.parametrize(
    ("name", "choice"),
    [
        ("kmnist", {}),
        ("kmnist", {"validation": 9}),
        ("kmnist", {"validation": 9, "per_class": 2}),
        ("parted", {"per_class": 3}),
        ("parted", {}),
    ],
)
@pytest.mark.parametrize("memory_gib", [2.0, 1e-5])
def test_an_outline_has_the_sizes_that_the_opened_set_has(
    tiny: Path, tmp_path: Path, name: str, choice: dict[str, int], memory_gib: float
) -> None:
    with_own_validation(tiny, tmp_path)
    where = {"directory": tmp_path, "memory_gib": memory_gib}
    outline = outline_set(name, Selection(**choice), **where)
    assert outline is not None
    assert sizes(outline) == sizes(open_dataset(name, **choice, **where))


@pytest.mark.parametrize(
    ("name", "choice"),
    [
        ("kmnist", {"validation": 60}),
        ("kmnist", {"per_class": 7}),
        ("kmnist", {"only_classes": (3, 10)}),
        ("kmnist", {"test": 5}),
        ("parted", {"validation": 5}),
        ("mnist3", {}),
        ("fashion_mnist", {}),
        ("food101", {}),
    ],
)
def test_an_outline_is_refused_as_the_opened_set_is(
    tiny: Path, tmp_path: Path, name: str, choice: dict[str, int]
) -> None:
    with_own_validation(tiny, tmp_path)
    with pytest.raises(RequestError) as opened:
        open_dataset(name, directory=tmp_path, **choice)
    with pytest.raises(RequestError) as outlined:
        outline_set(name, Selection(**choice), directory=tmp_path)
    assert str(outlined.value) == str(opened.value)


def test_an_unprepared_set_has_no_outline_and_is_not_prepared(tiny: Path, tmp_path: Path) -> None:
    assert outline_set("mnist", Selection(), directory=tmp_path / "sets") is None
    assert not (tmp_path / "sets").exists()


def test_a_set_that_lacks_a_file_is_prepared_again_or_refused(tiny: Path, tmp_path: Path) -> None:
    for name in ("mnist", "kmnist"):
        folder = prepare(name, tmp_path, archives=tiny)
        next(folder.glob("*train*")).unlink()
    assert outline_set("mnist", Selection(), directory=tmp_path) is None
    with pytest.raises(RequestError, match=r"kmnist in .* is damaged; put these files"):
        outline_set("kmnist", Selection(), directory=tmp_path)


def test_a_set_with_a_validation_split_uses_that_split(tiny: Path, tmp_path: Path) -> None:
    with_own_validation(tiny, tmp_path)
    assert len(open_dataset("parted", directory=tmp_path).validation) == 60
    own = "parted has a validation split of its own, of 60"
    message = rf"data\.validation: got 5, expected 0: {own}; set it to 0"
    with pytest.raises(RequestError, match=message):
        open_dataset("parted", directory=tmp_path, validation=5)
    former = open_dataset("parted", directory=tmp_path, validation=5, existing=True)
    assert [len(former.train), len(former.validation)] == [55, 5]


def test_an_outline_of_a_task_has_its_sizes_without_drawing_examples() -> None:
    task = Associations(inputs=20, outputs=3, load=1.5)
    assert sizes(without_examples(task.outline())) == sizes(task.open())
    kept = without_examples(task.outline())
    assert kept.validation is kept.train is kept.test
    assert not any(isinstance(value, np.ndarray) for value in vars(kept.train).values())
    with pytest.raises(RequestError, match=r"data\.source: got inputs=0"):
        Associations(0, 3, 1.0).outline()
