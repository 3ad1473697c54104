"""Real patterns to store and recall: images in black and white."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from darnax.data.dataset import Dataset
from darnax.data.idx import read_pair
from darnax.data.resident import Resident
from darnax.errors import Problem, RequestError
from darnax.files import expand_user

BUNDLED = Path(__file__).parent / "bundled"
IMAGES = 60_000  # of a training archive of MNIST or Fashion-MNIST
SHAPE = (28, 28, 1)


@dataclass(frozen=True)
class ImageMemories:
    """The first `count` training images as patterns of ±1, each its own target.

    A pixel is +1 above `threshold` and −1 otherwise. The test is to recall the same images.

    Args:
        count: P, the number of images.
        path: folder with the archives `train-images-idx3-ubyte.gz` and `train-labels-…`; None is
            MNIST, which is a part of the package.
        threshold: a grey value, from 0 to 255.

    Example:
        >>> ImageMemories(count=20).open().train.example().shape
        (28, 28, 1)
    """

    count: int = 500
    path: str | None = None
    threshold: int = 127

    def open(self) -> Dataset:
        """Read the images; train, validation and test are the same split, without classes.

        Raises:
            RequestError: there are fewer images, or the archives cannot be read.
        """
        folder = BUNDLED if self.path is None else expand_user(self.path)
        self._require_count(IMAGES)
        images, _ = read_pair(folder, "train")
        self._require_count(len(images))
        is_bright = images[: self.count] > self.threshold
        return make_dataset(np.where(is_bright, np.float32(1), np.float32(-1)))

    def outline(self) -> Dataset:
        """Return a dataset of the same sizes, with zeros for the images, which are not read.

        Raises:
            RequestError: there are fewer images in the largest of the archives.
        """
        self._require_count(IMAGES)
        return make_dataset(np.zeros((self.count, *SHAPE), np.float32))

    def _require_count(self, most: int) -> None:
        if not 1 <= self.count <= most:
            what = f"count: got {self.count}, expected from 1 to {most}, the number of images"
            raise RequestError(Problem("data.source", what))


def make_dataset(patterns: np.ndarray) -> Dataset:
    """Return patterns as the training, the validation and the test split."""
    split = Resident(patterns, patterns)
    return Dataset("memories", train=split, validation=split, test=split, class_names=())
