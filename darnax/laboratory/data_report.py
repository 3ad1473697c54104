"""What is in the data of a configuration: sizes, ranges, classes, and a picture of examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from darnax.laboratory.data_opening import open_choice, require_fitting_data
from darnax.laboratory.display import SILENT, Display

if TYPE_CHECKING:
    import numpy as np

    from darnax.data import Dataset, Split
    from darnax.runner.experiment import DataChoice


@dataclass(frozen=True)
class SplitReport:
    """One split: number of examples, and of each class.

    `counts` is empty where targets are no classes; `low` and `high` are the range of raw inputs.
    """

    examples: int
    counts: Sequence[int]
    low: float
    high: float


@dataclass(frozen=True)
class DataReport:
    """The data of a configuration.

    Args:
        name: of the data.
        shape, dtype: of a raw input.
        encoded: shape of an encoded input.
        class_names: empty where targets are no classes.
        splits: by their names.
        sample: raw inputs and targets of some training examples.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    encoded: tuple[int, ...]
    class_names: tuple[str, ...]
    splits: Mapping[str, SplitReport]
    sample: "tuple[np.ndarray, np.ndarray]"


def report_data(config: Mapping[str, Any], display: Display = SILENT) -> DataReport:
    """Open the data of a configuration, and report what is in them; the network may be any.

    Raises:
        RequestError: as opening them for training, as far as the network is not concerned.
    """
    import numpy as np

    choice = read_choice(config)
    dataset = require_fitting_data(open_choice(choice, display), choice, trains=False)
    example = dataset.train.example()
    first = next(iter(dataset.train.windows(None)))
    sample = np.asarray(first.inputs)[: first.count], np.asarray(first.targets)[: first.count]
    splits = {}
    for name, split in list_splits(dataset).items():
        splits[name] = report_split(split, len(dataset.class_names))
    return DataReport(
        dataset.name,
        tuple(example.shape),
        str(np.dtype(example.dtype)),
        tuple(choice.shape),
        dataset.class_names,
        splits,
        sample,
    )


def list_splits(dataset: "Dataset") -> "dict[str, Split]":
    """Return the splits that a dataset has, by their names."""
    named = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    return {name: split for name, split in named.items() if split is not None}


def read_choice(config: Mapping[str, Any]) -> "DataChoice":
    """Return the choice of data that a resolved configuration describes."""
    from darnax.builder.calls import Reader
    from darnax.builder.choices import read_data
    from darnax.builder.problems import Problems
    from darnax.builder.specification import Data, Paths, read

    problems = Problems()
    section = read(Data, config.get("data"), "data", problems)
    paths = read(Paths, config.get("paths"), "paths", problems)
    problems.raise_if_any()
    assert section is not None
    assert paths is not None
    choice = read_data(section, paths, Reader(problems, trust=list(config.get("trust") or ())))
    problems.raise_if_any()
    assert choice is not None
    return choice


def report_split(split: "Split", classes: int) -> SplitReport:
    """Read a split once, and return what is in it."""
    import numpy as np

    counts = np.zeros(classes, np.int64)
    low, high, examples = np.inf, -np.inf, 0
    for window in split.windows(None):
        inputs = np.asarray(window.inputs)[: window.count]
        targets = np.asarray(window.targets)[: window.count]
        low, high = min(low, float(inputs.min())), max(high, float(inputs.max()))
        examples += len(targets)
        if classes:
            counts += np.bincount(targets, minlength=classes)
    return SplitReport(examples, counts.tolist(), low, high)
