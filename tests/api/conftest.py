from pathlib import Path

import numpy as np
import pytest
from small import words

import darnax
from darnax.data import open_dataset


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, mnist_directory: Path) -> darnax.Run:
    """A small run that was trained by the function; tests do not change its folder."""
    place = tmp_path_factory.mktemp("outputs")
    return darnax.train(*words(place, mnist_directory, "runner.epochs=2", "seed=3"))


@pytest.fixture(scope="session")
def digits(trained: darnax.Run, mnist_directory: Path) -> tuple[np.ndarray, np.ndarray]:
    """Raw test images of MNIST and their classes."""
    window = next(open_dataset("mnist", directory=mnist_directory).test.windows(None))
    return np.asarray(window.inputs), np.asarray(window.targets)
