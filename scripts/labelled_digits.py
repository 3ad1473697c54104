"""Writes MNIST in black and white with the class of each image as ten more entries of ±1.

    python scripts/labelled_digits.py outputs/labelled_digits.npz

The class is unknown in the inputs, where its entries are 0; the targets have both.
"""

import sys
from pathlib import Path

import numpy as np

from darnax.data.idx import read_pair
from darnax.data.image_memories import BUNDLED

CLASSES = 10
GREY = 127  # brighter pixels are +1


def label_digits(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets (n, 794) of ±1 and 0."""
    images, classes = read_pair(BUNDLED, split)
    pixels = np.where(images.reshape(len(images), -1) > GREY, 1, -1).astype(np.int8)
    codes = np.where(classes[:, None] == np.arange(CLASSES), 1, -1).astype(np.int8)
    inputs = np.concatenate([pixels, np.zeros_like(codes)], axis=1)
    return inputs, np.concatenate([pixels, codes], axis=1)


def main() -> None:
    arrays = {}
    for split in ("train", "test"):
        arrays[f"x_{split}"], arrays[f"y_{split}"] = label_digits(split)
    file = Path(sys.argv[1])
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, **arrays)


if __name__ == "__main__":
    main()
