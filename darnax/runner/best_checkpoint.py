"""Whether the best network of a run is one that may be evaluated on the test split."""

from darnax.data import Dataset
from darnax.runner.experiment import DataChoice
from darnax.runner.run_folder import RunFolder


def best_was_chosen_by_test(folder: RunFolder, data: DataChoice, dataset: Dataset) -> bool:
    """Return whether best.safetensors, if there is one, was chosen by the test split.

    Earlier versions of darnax did so for runs without a validation split. The configuration in the
    folder decides; `data` and `dataset` may have been changed by overrides since.
    """
    # An override may hold out examples now, but the run has trained on them.
    held_out = folder.config().get("data", {}).get("validation", 0)
    return not held_out and (dataset.validation is None or data.validation > 0)
