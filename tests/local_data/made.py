"""Small data that tests write: images of horizontal bars, one bar for each class."""

import io
import tarfile
import zipfile
from pathlib import Path

import cv2
import numpy as np

CLASSES = ("cat", "dog", "owl")


def bars(
    count: int, size: tuple[int, int] = (9, 9), seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Grey images with noise, in which the third of rows of the class is bright."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 60, (count, *size), dtype=np.uint8)
    labels = np.arange(count) % len(CLASSES)
    third = size[0] // 3
    for image, label in zip(images, labels, strict=True):
        image[label * third : (label + 1) * third] += 150
    return images, labels


def write_images(
    root: Path,
    count: int = 12,
    *,
    splits: tuple[str, ...] = ("train", "test"),
    colour: bool = False,
    size: tuple[int, int] = (9, 9),
    suffix: str = ".png",
) -> Path:
    """Write `count` images of every class to each split; "" stands for no split."""
    for number, split in enumerate(splits):
        images, labels = bars(count * len(CLASSES), size, seed=number)
        for index, (image, label) in enumerate(zip(images, labels, strict=True)):
            folder = root / split / CLASSES[label]
            folder.mkdir(parents=True, exist_ok=True)
            stored = np.stack([image, image // 2, image // 4], axis=-1) if colour else image
            cv2.imwrite(str(folder / f"{index:03}{suffix}"), stored)
    return root


def zipped(root: Path, path: Path) -> Path:
    """Return a zip archive of a folder."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*")):
            archive.write(file, Path("photos") / file.relative_to(root))
    return path


def tarred(root: Path, path: Path) -> Path:
    """Return a gzipped tar archive of a folder, its files in reverse order."""
    with tarfile.open(path, "w:gz") as archive:
        for file in sorted(root.rglob("*"), reverse=True):
            if file.is_file():
                archive.add(file, f"./{file.relative_to(root)}")
    return path


def png(image: np.ndarray) -> bytes:
    """Return an image as a PNG file."""
    return cv2.imencode(".png", image)[1].tobytes()


def zip_of(path: Path, files: dict[str, bytes]) -> Path:
    """Return a zip archive with these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tar_of(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    """Return a tar archive with these members."""
    with tarfile.open(path, "w:gz") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path
