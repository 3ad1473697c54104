"""The numbers of fitted stages of an encoding: fitted when a run starts, and kept in its folder."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from darnax.errors import Problem, RequestError, first_line

if TYPE_CHECKING:
    from darnax.data import Dataset, Split
    from darnax.runner.experiment import Experiment
    from darnax.runner.run_folder import RunFolder

FILE = "encoding.safetensors"


def fit_encoding(experiment: "Experiment", dataset: "Dataset") -> "Experiment":
    """Return the experiment with its fitted stages fitted to the training inputs.

    Of a split that is larger than memory, they are fitted to the first window of the first epoch,
    which is a random part of it.

    Raises:
        RequestError: a stage cannot be fitted.
    """
    encode = experiment.data.encode
    if encode.is_fitted:
        return experiment
    try:
        fitted = encode.fit(first_inputs(dataset.train, encode.most_examples))
    except Exception as error:  # stages of other packages may raise anything
        what = f"cannot be fitted ({type(error).__name__}: {first_line(error)})"
        raise RequestError(Problem("data.encode", what)) from error
    return with_encoding(experiment, fitted)


def first_inputs(split: "Split", most: int) -> Any:
    """Return at most so many raw training inputs, evenly spread over the first window."""
    import numpy as np

    window = next(iter(split.windows(epoch=0)))
    index = np.linspace(0, window.count - 1, min(window.count, most)).astype(int)
    return window.inputs[index]


def with_stored_encoding(
    experiment: "Experiment", folder: "RunFolder", dataset: "Dataset | None" = None
) -> "Experiment":
    """Return the experiment with the fitted numbers in the folder of its run.

    If there are none yet, and a dataset is given, the stages are fitted to it and the numbers are
    written to the folder.

    Raises:
        RequestError: the numbers are missing or damaged, or are those of other stages.
    """
    from darnax.runner import fitted_numbers, processes

    if not experiment.data.encode.fits:
        return experiment
    path = folder.path / FILE
    if path.exists():
        fitted = fitted_numbers.read(path)
        return with_encoding(experiment, require_same(experiment.data.encode, fitted))
    if dataset is None:
        what = "is missing: it has the numbers of the fitted stages; resume the run to fit them"
        raise RequestError(Problem(str(path), what))
    experiment = fit_encoding(experiment, dataset)
    if processes.is_first():
        fitted_numbers.write(path, experiment.data.encode.fitted)
    return experiment


def require_same(encode: Any, fitted: Mapping[str, Any]) -> Any:
    """Return the encoding with fitted numbers; raise RequestError if its stages are others."""
    expected = set(encode.fitted_names)
    if expected != fitted.keys():
        got, wanted = (", ".join(sorted(names)) or "none" for names in (fitted, expected))
        what = f"the run has numbers of fitted stages {got}, and the configuration has {wanted}"
        raise RequestError(Problem("data.encode", what))
    return encode.with_fitted(fitted)


def with_encoding(experiment: "Experiment", encode: Any) -> "Experiment":
    """Return the experiment with another encoding."""
    return replace(experiment, data=experiment.data.model_copy(update={"encode": encode}))
