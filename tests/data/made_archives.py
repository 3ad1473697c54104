"""Small archives in the exact layouts of their publishers, written from their descriptions."""

import gzip
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from darnax.data import archives
from darnax.data.archives import Checksum

Split = tuple[np.ndarray, dict[str, np.ndarray]]
NAMES = [f"class {number}" for number in range(100)]


def draw_split(count: int, shape: tuple[int, ...], classes: dict[str, int], seed: int) -> Split:
    """Random images, and labels in which every class occurs."""
    rng = np.random.default_rng(seed)
    labels = {name: rng.permutation(np.arange(count) % most) for name, most in classes.items()}
    return rng.integers(0, 256, (count, *shape), dtype=np.uint8), labels


def tar_bytes(
    members: list[tuple[str, bytes]], extra: list[tarfile.TarInfo] | None = None
) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in extra or []:
            archive.addfile(info)
    return file.getvalue()


def cifar_records(images: np.ndarray, labels: dict[str, np.ndarray]) -> bytes:
    """One byte for each label, then the red, the green and the blue pixels."""
    records = []
    for index, image in enumerate(images):
        record = bytes(int(column[index]) for column in labels.values())
        for channel in range(3):
            record += image[:, :, channel].tobytes()
        records.append(record)
    return b"".join(records)


def cifar10_members(train: int = 50) -> tuple[list[tuple[str, bytes]], dict[str, Split]]:
    splits = {
        "train": draw_split(train, (32, 32, 3), {"label": 10}, 0),
        "test": draw_split(20, (32, 32, 3), {"label": 10}, 1),
    }
    images, labels = splits["train"]
    fifth = train // 5
    members = [("cifar-10-batches-bin/batches.meta.txt", "\n".join([*NAMES[:10], ""]).encode())]
    for number in range(5):
        part = slice(number * fifth, (number + 1) * fifth)
        content = cifar_records(images[part], {"label": labels["label"][part]})
        members.append((f"cifar-10-batches-bin/data_batch_{number + 1}.bin", content))
    members.append(("cifar-10-batches-bin/test_batch.bin", cifar_records(*splits["test"])))
    return members, splits


def write_cifar10(folder: Path) -> dict[str, Split]:
    members, splits = cifar10_members()
    (folder / "cifar-10-binary.tar.gz").write_bytes(tar_bytes(members))
    return splits


def write_cifar100(folder: Path) -> dict[str, Split]:
    classes = {"coarse_label": 20, "label": 100}
    splits = {
        "train": draw_split(100, (32, 32, 3), classes, 0),
        "test": draw_split(100, (32, 32, 3), classes, 1),
    }
    members = [
        ("cifar-100-binary/coarse_label_names.txt", "\n".join(NAMES[:20]).encode()),
        ("cifar-100-binary/fine_label_names.txt", "\n".join(NAMES).encode()),
        ("cifar-100-binary/train.bin", cifar_records(*splits["train"])),
        ("cifar-100-binary/test.bin", cifar_records(*splits["test"])),
    ]
    (folder / "cifar-100-binary.tar.gz").write_bytes(tar_bytes(members))
    return splits


def idx_bytes(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim])
    for size in array.shape:
        header += size.to_bytes(4, "big")
    return gzip.compress(header + array.astype(np.uint8).tobytes())


def write_emnist(folder: Path, config: str = "letters", classes: int = 37) -> dict[str, Split]:
    splits = {
        "train": draw_split(80, (28, 28, 1), {"label": classes}, 0),
        "test": draw_split(40, (28, 28, 1), {"label": classes}, 1),
    }
    with zipfile.ZipFile(folder / "gzip.zip", "w") as archive:
        for split, (images, labels) in splits.items():
            stem = f"gzip/emnist-{config}-{split}"
            archive.writestr(f"{stem}-images-idx3-ubyte.gz", idx_bytes(images[..., 0]))
            archive.writestr(f"{stem}-labels-idx1-ubyte.gz", idx_bytes(labels["label"]))
    return splits


def write_svhn(folder: Path, splits: tuple[str, ...] = ("train", "test")) -> dict[str, Split]:
    """The digit 0 is stored as 10; images are along the last axis."""
    written = {}
    for seed, split in enumerate(splits):
        images, labels = draw_split(30, (32, 32, 3), {"label": 10}, seed)
        stored = np.where(labels["label"] == 0, 10, labels["label"]).astype(np.uint8)
        content = {"X": np.moveaxis(images, 0, 3), "y": stored[:, None]}
        savemat(folder / f"{split}_32x32.mat", content, do_compression=True)
        written[split] = images, labels
    return written


def write_kmnist(folder: Path) -> dict[str, Split]:
    splits = {
        "train": draw_split(60, (28, 28, 1), {"label": 10}, 0),
        "test": draw_split(20, (28, 28, 1), {"label": 10}, 1),
    }
    for split, (images, labels) in splits.items():
        stem = "train" if split == "train" else "t10k"
        (folder / f"{stem}-images-idx3-ubyte.gz").write_bytes(idx_bytes(images[..., 0]))
        (folder / f"{stem}-labels-idx1-ubyte.gz").write_bytes(idx_bytes(labels["label"]))
    return splits


def register(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Replace the checksums of the publishers by those of the files in a folder."""
    found = {}
    for path in folder.iterdir():
        content = path.read_bytes()
        found[path.name] = Checksum(len(content), hashlib.sha256(content).hexdigest())
    patch.setattr(archives, "load_checksums", lambda name: found)
