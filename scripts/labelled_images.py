"""Writes a set of images in black and white with the class of each as ten more entries of ±1.

    python scripts/labelled_images.py mnist outputs/labelled_mnist.npz
    python scripts/labelled_images.py fashion_mnist outputs/labelled_fashion_mnist_6.npz \
        --per-class 600

The class is unknown in the inputs, where its entries are 0; the targets have both.
"""

import argparse
from pathlib import Path

import numpy as np

from darnax.data import Split, open_dataset

CLASSES = 10
GREY = 127  # brighter pixels are +1


def label_images(split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets (n, 794) of ±1 and 0."""
    (window,) = split.windows(None)
    images, classes = np.asarray(window.inputs), np.asarray(window.targets)
    pixels = np.where(images.reshape(len(images), -1) > GREY, 1, -1).astype(np.int8)
    codes = np.where(classes[:, None] == np.arange(CLASSES), 1, -1).astype(np.int8)
    inputs = np.concatenate([pixels, np.zeros_like(codes)], axis=1)
    return inputs, np.concatenate([pixels, codes], axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="a set that `darnax data list` shows as prepared")
    parser.add_argument("file", type=Path, help="the npz file to write")
    parser.add_argument("--per-class", type=int, help="the first so many images of every class")
    arguments = parser.parse_args()
    dataset = open_dataset(arguments.name, per_class=arguments.per_class)
    arrays = {}
    for name, split in (("train", dataset.train), ("test", dataset.test)):
        arrays[f"x_{name}"], arrays[f"y_{name}"] = label_images(split)
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(arguments.file, **arrays)


if __name__ == "__main__":
    main()
