"""The files of SVHN's cropped digits: MATLAB files with images `X` and labels `y`."""

from pathlib import Path

import numpy as np

from darnax.errors import RequestError, first_line
from darnax.files import open_regular

_SHAPE = (32, 32, 3)


def read_svhn(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images (n, 32, 32, 3) uint8 and the labels (n,) int64 of one split.

    In the file, `X` is (32, 32, 3, n), and the digit 0 has the label 10.

    Raises:
        RequestError: the file is damaged, or is not one of these files.
    """
    from scipy.io import loadmat

    path = folder / f"{split}_32x32.mat"
    try:
        with open_regular(path) as file:
            found = loadmat(file, variable_names=("X", "y"))
    except Exception as error:  # the reader of SciPy raises no common type
        what = f"{path} cannot be read ({first_line(error)})"
        raise RequestError(f"{what}: copy or download it again") from error
    images, labels = np.asarray(found.get("X")), np.asarray(found.get("y"))
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[:3] != _SHAPE:
        got = f"{path} has X of {images.dtype} {list(images.shape)}"
        raise RequestError(f"{got}, expected uint8 [32, 32, 3, n]: it is another file")
    if labels.dtype.kind not in "iu" or labels.size != images.shape[3]:
        got = f"{path} has y of {labels.dtype} {list(labels.shape)}"
        raise RequestError(f"{got}, expected {images.shape[3]} integers: it is another file")
    digits = labels.reshape(-1).astype(np.int64)
    if digits.size and not 1 <= digits.min() <= digits.max() <= 10:
        got = f"labels in {path} are from {digits.min()} to {digits.max()}"
        raise RequestError(f"{got}, expected 1 to 10: it is another file")
    return np.moveaxis(images, 3, 0), digits % 10
