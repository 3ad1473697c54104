"""Images in class folders. Oracle: OpenCV, file by file, in sorted order."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from made import CLASSES, tarred, write_images, zipped

from darnax.data.selection import Selection
from darnax.errors import RequestError
from darnax.local_data import ImageFolder, divide_examples, example_cache, image_decoding


def expected(root: Path, split: str, flag: int) -> tuple[np.ndarray, np.ndarray]:
    """Read every file by itself."""
    files = sorted((root / split).glob("*/*"))
    images = [cv2.imread(str(file), flag) for file in files]
    images = [image[..., None] if image.ndim == 2 else image[..., ::-1] for image in images]
    return np.stack(images), np.array([CLASSES.index(file.parent.name) for file in files])


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("data") / "photos", 7, colour=True)


@pytest.mark.parametrize("form", [lambda root, path: root, zipped, tarred])
def test_folders_and_archives_have_the_same_examples(
    photos: Path, tmp_path: Path, form: Callable[[Path, Path], Path]
) -> None:
    path = form(photos, tmp_path / "photos.archive")
    found = ImageFolder(str(path)).read(tmp_path / "sets")
    assert found.class_names == CLASSES
    for split in ("train", "test"):
        images, labels = expected(photos, split, cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(found.splits[split].inputs, images)
        np.testing.assert_array_equal(found.splits[split].targets, labels)


@pytest.mark.parametrize(("colour", "flag"), [("grey", 0), ("rgb", 1)])
def test_colours_are_those_of_opencv(photos: Path, tmp_path: Path, colour: str, flag: int) -> None:
    found = ImageFolder(str(photos), colour=colour).read(tmp_path)
    np.testing.assert_array_equal(found.splits["train"].inputs, expected(photos, "train", flag)[0])


def test_images_are_resized_by_area(photos: Path, tmp_path: Path) -> None:
    found = ImageFolder(str(photos), colour="grey", resize=[3, 3]).read(tmp_path)
    whole = expected(photos, "train", 0)[0].reshape(-1, 3, 3, 3, 3).astype(float)
    means = whole.mean(axis=(2, 4))[..., None]  # of every square of 3 × 3 pixels
    assert np.abs(found.splits["train"].inputs - means).max() <= 0.5


def test_an_outline_has_the_sizes_and_the_labels(photos: Path, tmp_path: Path) -> None:
    source = ImageFolder(str(photos), resize=[4, 5])
    outline, whole = source.outline(tmp_path), source.read(tmp_path)
    for split in ("train", "test"):
        assert outline.splits[split].inputs.shape == whole.splits[split].inputs.shape
        np.testing.assert_array_equal(outline.splits[split].targets, whole.splits[split].targets)


@pytest.fixture
def decodes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of files, in the order in which they are decoded."""
    counted: list[int] = []
    original = image_decoding.decode_image

    def counting(content: bytes, form: image_decoding.Form) -> np.ndarray:
        counted.append(len(content))
        return original(content, form)

    monkeypatch.setattr(image_decoding, "decode_image", counting)
    return counted


def test_images_are_decoded_once_and_again_after_a_change(
    tmp_path: Path, decodes: list[int]
) -> None:
    root = write_images(tmp_path / "photos", 3)
    first = ImageFolder(str(root)).read(tmp_path)
    assert decodes
    decodes.clear()
    again = ImageFolder(str(root)).read(tmp_path)
    assert not decodes
    np.testing.assert_array_equal(again.splits["train"].inputs, first.splits["train"].inputs)
    changed = root / "train" / "cat" / "000.png"
    cv2.imwrite(str(changed), np.full((9, 9), 7, np.uint8))
    os.utime(changed, ns=(1, 1))
    after = ImageFolder(str(root)).read(tmp_path)
    assert (np.asarray(after.splits["train"].inputs[0]) == 7).all()
    (root / "test" / "owl" / "002.png").unlink()
    assert len(ImageFolder(str(root)).read(tmp_path).splits["test"].targets) == 8


@pytest.mark.parametrize("name", ["train-inputs.npy", "test-targets.npy", "manifest.json"])
@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY damaged", None])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, name: str, damage: bytes | None) -> None:
    root = write_images(tmp_path / "photos", 3)
    first = ImageFolder(str(root)).read(tmp_path)
    (file,) = (root / example_cache.HIDDEN).glob(f"*/{name}")
    if damage is None:  # the right size, with another byte
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        damage = bytes(content)
    file.unlink()
    file.write_bytes(damage)
    again = ImageFolder(str(root)).read(tmp_path)
    for split in ("train", "test"):
        for one, two in zip(first.splits[split], again.splits[split], strict=True):
            np.testing.assert_array_equal(two, one)


def test_an_archive_is_cached_in_the_folder_of_datasets(tmp_path: Path, decodes: list[int]) -> None:
    root = write_images(tmp_path / "photos", 3)
    archive = zipped(root, tmp_path / "photos.zip")
    ImageFolder(str(archive)).read(tmp_path / "sets")
    decodes.clear()
    ImageFolder(str(archive)).read(tmp_path / "sets")
    assert not decodes
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "photos.zip", "sets"]


def test_class_folders_without_splits_are_divided(tmp_path: Path) -> None:
    root = write_images(tmp_path / "flat", 10, splits=("",))
    examples = ImageFolder(str(root)).read(tmp_path)
    dataset = divide_examples(examples, Selection(validation=0.1, test=0.2), memory_gib=1)
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [21, 3, 6]
    with pytest.raises(RequestError, match=r"data\.test: got 0, but flat has no test split; keep"):
        divide_examples(examples, Selection(), memory_gib=1)


def test_a_folder_for_validation_is_the_validation_split(tmp_path: Path) -> None:
    root = write_images(tmp_path / "all", 4, splits=("train", "val", "test"))
    examples = ImageFolder(str(root)).read(tmp_path)
    dataset = divide_examples(examples, Selection(), memory_gib=1)
    assert len(dataset.validation) == 12
    with pytest.raises(RequestError, match="expected 0: all has a validation split of its own"):
        divide_examples(examples, Selection(validation=0.1), memory_gib=1)


def test_classes_keep_the_order_of_an_existing_run(tmp_path: Path) -> None:
    root = write_images(tmp_path / "photos", 3)
    names = ("owl", "bat", "dog", "cat")
    found = ImageFolder(str(root), class_names=names).read(tmp_path)
    assert found.class_names == names
    assert set(found.splits["train"].targets.tolist()) == {0, 2, 3}
    assert found.splits["train"].targets[0] == 3  # a cat
    with pytest.raises(RequestError, match=r"classes owl, which are not in data\.class_names"):
        ImageFolder(str(root), class_names=("cat", "dog")).read(tmp_path)


def test_streamed_images_are_those_of_the_files(tmp_path: Path) -> None:
    root = write_images(tmp_path / "photos", 6)
    examples = ImageFolder(str(root)).read(tmp_path)
    dataset = divide_examples(examples, Selection(), memory_gib=1e-6)
    images = np.concatenate(
        [np.asarray(window.inputs)[: window.count] for window in dataset.test.windows(None)]
    )
    np.testing.assert_array_equal(images, expected(root, "test", cv2.IMREAD_UNCHANGED)[0])


def test_every_format_is_read(tmp_path: Path) -> None:
    for suffix in (".png", ".jpg", ".bmp", ".webp", ".tiff", ".pgm"):
        root = write_images(tmp_path / suffix[1:], 2, suffix=suffix)
        assert ImageFolder(str(root), colour="grey").read(tmp_path).splits[
            "train"
        ].inputs.shape == (
            6,
            9,
            9,
            1,
        )
