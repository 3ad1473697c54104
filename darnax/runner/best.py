"""Whether the best network of a run may stand for it."""

from darnax.data import Dataset
from darnax.runner.experiment import DataChoice
from darnax.runner.run_folder import RunFolder


def chosen_by_test(folder: RunFolder, data: DataChoice, dataset: Dataset) -> bool:
    """Return whether best.safetensors, where there is one, was chosen by the test split.

    Earlier versions did so where nothing was kept out of training. An override in `data` may keep examples out now; the run
    itself has trained on them.
    """
    kept_out = folder.config().get("data", {}).get("validation", 0)
    return not kept_out and (dataset.validation is None or data.validation > 0)
