"""The examples on which a trained run is evaluated: its own, or those of other data."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from darnax.errors import RequestError
from darnax.laboratory.data_digest import are_recorded
from darnax.laboratory.data_opening import open_data
from darnax.laboratory.display import Display
from darnax.laboratory.disturbing import overridden_values
from darnax.printing import count_of, printable

if TYPE_CHECKING:
    from darnax.data import Dataset
    from darnax.runner.experiment import Experiment
    from darnax.runner.run_folder import RunFolder

OTHER = {"data.path", "data.name", "data.builder"}
DIVISION = {"data.test", "data.validation"}
ALL = "%s has no test split: all its %s are evaluated; data.test=0.2 evaluates a fifth of them"
logger = logging.getLogger(__name__)


def open_evaluated(
    experiment: "Experiment", folder: "RunFolder", overrides: Sequence[str], display: Display
) -> "Dataset":
    """Open the data on which a run is evaluated.

    Data of one's own that an override names are divided as those of the run if they are the same,
    as after a move. Of others the test split is evaluated; without one, all examples.

    Raises:
        RequestError: the data cannot be read, or do not fit the network.
    """
    if names_other_data(experiment, overrides):
        try:
            dataset = open_data(experiment, display, trains=False, existing=True)
        except RequestError:  # of the sizes of the splits; any other is raised again below
            dataset = None
        if dataset is None or not are_recorded([folder], dataset):
            return open_whole(experiment, display)
        return dataset
    return open_data(experiment, display, trains=False, existing=True)


def names_other_data(experiment: "Experiment", overrides: Sequence[str]) -> bool:
    """Return whether overrides name data of one's own, and not how these are divided."""
    from darnax.local_data import LocalSource

    keys = {key for key, _ in overridden_values(overrides)}
    is_local = isinstance(experiment.data.source, LocalSource)
    return is_local and bool(keys & OTHER) and not keys & DIVISION


def open_whole(experiment: "Experiment", display: Display) -> "Dataset":
    """Open data of which nothing is trained on: their test split, or else all of them is tested."""
    from darnax.local_data.evaluation import ForEvaluation

    source = ForEvaluation(experiment.data.source)
    sizes = {"test": 0, "validation": 0, "per_class": None}
    data = experiment.data.model_copy(update={"source": source, **sizes})
    dataset = open_data(replace(experiment, data=data), display, trains=False, existing=True)
    if source.tests_all:
        count = count_of(len(dataset.test), "example")
        logger.warning(ALL, printable(dataset.name), count)
    return dataset
