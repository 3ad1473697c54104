"""The small sets that come with scikit-learn: `data=sklearn data.name=digits`."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from darnax.data.dataset import Dataset
from darnax.data.progress import Progress, silent
from darnax.data.selection import Selection
from darnax.errors import Problem, RequestError
from darnax.extras import install_command
from darnax.local_data.array_examples import examples_from_arrays
from darnax.local_data.examples import Examples, LocalSource, divide_examples

SETS = ("digits", "iris", "wine", "breast_cancer", "diabetes")


class ScikitLearn(LocalSource):
    """A set that comes with scikit-learn; no file and no network is needed.

    `digits` has 1797 images (8, 8, 1) with pixels in [0, 1]; `iris`, `wine` and `breast_cancer` are
    tables with classes, and `diabetes` one with real targets.

    Args:
        name: of the set.
        class_names: the classes in the order of the outputs; None: scikit-learn's.

    Raises:
        RequestError: the name is none of these.
    """

    def __init__(self, name: str, class_names: Sequence[str] | None = None) -> None:
        if name not in SETS:
            expected = f"expected {', '.join(SETS[:-1])} or {SETS[-1]}"
            raise RequestError(Problem("data.name", f"got {name!r}, {expected}"))
        self.name = name
        self.class_names = class_names

    def open(self) -> Dataset:
        """Return the dataset, a fifth of it for testing, for code that uses it by itself."""
        return divide_examples(self.read(Path()), Selection(test=0.2), memory_gib=math.inf)

    def read(self, directory: Path, progress: Progress = silent) -> Examples:
        del directory, progress
        try:
            from sklearn import datasets
        except ModuleNotFoundError as error:
            what = f"needs scikit-learn, which is not installed; {install_command('sklearn')}"
            raise RequestError(Problem("data=sklearn", what)) from error
        found = getattr(datasets, f"load_{self.name}")()
        inputs, targets = found.data, found.target
        if self.name == "digits":
            inputs = found.images[..., None] / 16
        if self.name != "diabetes":
            targets = np.array([str(name) for name in found.target_names])[targets]
        return examples_from_arrays(
            self.name, {"train": (inputs, targets)}, class_names=self.class_names, where="data.name"
        )
