"""Oracle: known facts about MNIST, and TFDS as the reader of what was prepared."""

import logging
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from darnax.data import Dataset, open_dataset
from darnax.data.archives import check_archives, find_bundled
from darnax.data.idx import read_pair
from darnax.data.sources import Source

PER_CLASS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


@pytest.fixture(scope="module")
def mnist(mnist_directory: Path) -> Dataset:
    return open_dataset("mnist", directory=mnist_directory)


def test_the_bundled_archives_are_the_registered_ones() -> None:
    folder = find_bundled("mnist")
    assert folder is not None
    check_archives("mnist", folder)
    images, labels = read_pair(folder, "train")
    assert labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert images.shape == (60000, 28, 28, 1)
    # The published mean and deviation of MNIST.
    assert images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)
    assert images.std() / 255 == pytest.approx(0.3081, abs=1e-4)
    assert "Yann LeCun" in (folder / "ATTRIBUTION").read_text()


def test_known_facts(mnist: Dataset) -> None:
    (train,), (test,) = mnist.train.windows(0), mnist.test.windows(None)
    assert (len(mnist.train), len(mnist.test)) == (60000, 10000)
    assert np.bincount(train.targets).tolist() == PER_CLASS
    assert np.bincount(test.targets).tolist() == [
        980,
        1135,
        1032,
        1010,
        982,
        892,
        958,
        1028,
        974,
        1009,
    ]
    assert train.inputs.shape == (60000, 28, 28, 1)
    assert train.inputs.dtype == np.uint8


def test_plain_tfds_reads_the_same_examples_in_the_same_order(
    mnist: Dataset, mnist_directory: Path
) -> None:
    source = tfds.data_source("mnist", split="test", data_dir=mnist_directory)
    (test,) = mnist.test.windows(None)
    inputs, targets = np.asarray(test.inputs), np.asarray(test.targets)
    assert len(source) == 10000
    for index in range(0, 10000, 97):
        np.testing.assert_array_equal(source[index]["image"], inputs[index])
        assert source[index]["label"] == targets[index]
    assert "tensorflow" not in sys.modules


def test_a_prepared_set_is_decoded_once(
    mnist: Dataset, mnist_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(source: object) -> None:
        raise AssertionError("the images are decoded again")

    monkeypatch.setattr(Source, "_make_decoder", decode)
    small = open_dataset(
        "mnist", directory=mnist_directory, validation=1000, per_class=10, only_classes=[3, 8]
    )
    assert (len(small.train), len(small.validation or ()), len(small.test)) == (
        20,
        1000,
        1010 + 974,
    )
    assert small.class_names == ("3", "8")


def test_opening_a_set_leaves_the_root_logger_without_a_handler(
    mnist_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise every warning of a run is printed twice."""
    monkeypatch.setattr(logging.root, "handlers", [])
    open_dataset("mnist", directory=mnist_directory)
    assert logging.root.handlers == []
