"""Every shipped experiment takes two steps by the real command. Oracle: exit code and summary."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from darnax.composing import config_folders

from .conftest import Workspace, summary

WITHOUT_DATA = {"cifar_conv", "cifar_backprop"}  # photographs are no part of the package
SHIPPED = sorted(
    {path.stem for path in (config_folders.packaged_folder() / "experiment").glob("*.yaml")}
    - WITHOUT_DATA
)
CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
QUICK = [
    "tracking=local",
    "runner.epochs=1",
    "runner.limit_batches=2",
    "data.name=mnist",
]
FEW_IMAGES = "data.per_class=20"  # not of patterns, which have no classes
PATTERNS = ("associations", "memory", "sequence")
TWO_BATCHES = "data.source.load=0.5"  # of memories, whose units are as many as their entries
SMALLER = {
    "mnist_conv": "model.channels=4",
    "conv_error": "model.channels=4",
    "memory": TWO_BATCHES,
    "memory_capacity": TWO_BATCHES,
    "memory_dense": TWO_BATCHES,
    "memory_digits": "data.source.threshold=100",
    "memory_features": TWO_BATCHES,
    "memory_sparse": "data.source.load=1.0",
    "sequence_hebb": "data.source.frames.load=0.5",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_two_steps(workspace: Workspace, name: str) -> None:
    words = [*QUICK, SMALLER.get(name, "model.features=200")]
    if not name.startswith(PATTERNS):
        words.append(FEW_IMAGES)
    workspace.darnax("train", f"experiment={name}", *words)
    assert summary(workspace.runs(name)[0])["steps"] == 2


def write_photographs(root: Path, per_class: int) -> None:
    """Write random colour images of 32 x 32 pixels into class folders, as JPEG files."""
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in CIFAR:
            folder = root / split / name
            folder.mkdir(parents=True)
            for number in range(per_class):
                image = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                cv2.imwrite(str(folder / f"{number}.jpg"), image)


@pytest.mark.slow
def test_cifar_conv_learns_photographs_in_folders(workspace: Workspace) -> None:
    write_photographs(workspace.place / "photos", per_class=6)
    words = ["experiment=cifar_conv", "data.path=photos", "data.validation=0.2"]
    smaller = ["data.batch_size=4", "model.channels1=4", "model.channels2=4"]
    quick = ["tracking=local", "runner.epochs=1", "runner.limit_batches=2"]
    workspace.darnax("train", *words, *smaller, *quick)
    assert summary(workspace.runs("cifar_conv")[0])["steps"] == 2
    output = workspace.darnax("train", "experiment=cifar_conv", code=2)
    assert output.count("data.path") == 1
    assert "has no value yet" in output
