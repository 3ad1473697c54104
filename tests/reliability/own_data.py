"""Small data of every source of one's own: images of bars, of which one third is bright."""

from pathlib import Path

import cv2
import numpy as np
from extlab.sets import ExtBars, bar

from darnax.local_data import TensorFlowDatasets

KINDS = ("folder", "arrays", "table", "sklearn", "tfds")
NAMES = np.array(["cat", "dog", "owl"])
COUNT = 30
DIVIDED = ["data.validation=6", "data.test=6"]
CHANGED = [  # what is different from a configuration of MNIST
    "model.adapters.w_in.patch=null",
    "data.per_class=null",
]


def write(kind: str, place: Path) -> list[str]:
    """Write data into a folder; return the overrides that choose them."""
    words = [f"data={kind}", f"paths.data={place / 'sets'}", *CHANGED]
    return words + {
        "folder": write_folder,
        "arrays": write_arrays,
        "table": write_table,
        "sklearn": name_set,
        "tfds": write_set,
    }[kind](place)


def images() -> tuple[np.ndarray, np.ndarray]:
    """Return images (n, 9, 9) and their classes."""
    drawn = [bar(2 * index + 1) for index in range(COUNT)]  # those of 9 x 9 pixels
    return np.stack([image[..., 0] for image, _ in drawn]), np.array([kind for _, kind in drawn])


def write_folder(place: Path) -> list[str]:
    """Write a PNG file for every image."""
    for number, (image, kind) in enumerate(zip(*images(), strict=True)):
        folder = place / "photos" / NAMES[kind]
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{number:02}.png"), image)
    return [f"data.path={place / 'photos'}", *DIVIDED]


def write_arrays(place: Path) -> list[str]:
    """Write one file of arrays."""
    x, y = images()
    np.savez(place / "my.npz", x=x, y=NAMES[y])
    return [f"data.path={place / 'my.npz'}", *DIVIDED]


def write_table(place: Path) -> list[str]:
    """Write the mean of every third of an image."""
    x, y = images()
    lines = ["a,b,c,kind"]
    for row, name in zip(x.reshape(COUNT, 3, 27).mean(axis=2), NAMES[y], strict=True):
        lines.append(",".join([*(f"{value:.3f}" for value in row), name]))
    (place / "my.csv").write_text("\n".join(lines))
    return [f"data.path={place / 'my.csv'}", "data.target=kind", *DIVIDED]


def name_set(place: Path) -> list[str]:
    """Choose a set of scikit-learn, of which most is kept out to have a small one."""
    del place
    return ["data.name=iris", "data.validation=60", "data.test=60"]


def write_set(place: Path) -> list[str]:
    """Prepare a set of TensorFlow Datasets, which has a test split of its own."""
    TensorFlowDatasets("ext_bars/tiny", ExtBars, resize=[9, 9]).read(place / "sets")
    return [f"data.path={place / 'sets/ext_bars/tiny/1.2.0'}", "data.resize=[9,9]"]
