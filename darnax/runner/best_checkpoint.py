"""Whether the best network of a run is one that may be evaluated on the test split."""

from darnax.data import Dataset
from darnax.local_data import LocalSource
from darnax.runner.experiment import DataChoice
from darnax.runner.run_folder import RunFolder


def best_was_chosen_by_test(folder: RunFolder, *, own_validation: bool) -> bool:
    """Return whether best.safetensors, if there is one, was chosen by the test split.

    Earlier versions of darnax did so for runs without a validation split.

    Args:
        folder: of the run; its configuration says how many training examples were held out, also
            if an override holds out others now.
        own_validation: whether the dataset has a validation split of its own.
    """
    held_out = folder.config().get("data", {}).get("validation", 0)
    return not held_out and not own_validation


def has_own_validation(data: DataChoice, dataset: Dataset) -> bool:
    """Return whether the validation split of an opened dataset is not a part of train.

    True for data of one's own, by whose test split no version has chosen a network.
    """
    if isinstance(data.source, LocalSource):
        return True
    return dataset.validation is not None and data.validation == 0
