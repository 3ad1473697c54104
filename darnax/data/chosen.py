"""What `data.validation`, `per_class` and `only_classes` choose of a dataset that a source has opened."""

from dataclasses import replace

import numpy as np

from darnax.data.dataset import Dataset, Split
from darnax.data.resident import Resident
from darnax.data.roles import require_one_validation
from darnax.data.selection import Selection
from darnax.errors import Problem, RequestError


def choose(dataset: Dataset, selection: Selection, *, existing: bool = False) -> Dataset:
    """Return the dataset with only what `selection` keeps; the given one where it keeps everything as it is.

    With `existing`, examples of train stand in the place of the dataset's own validation split, as
    in a run of an earlier version; otherwise that is refused.

    Raises:
        RequestError: naming every setting that cannot apply to these examples.
    """
    settings = {
        "data.validation": selection.validation > 0,
        "data.per_class": selection.per_class is not None,
        "data.only_classes": selection.only_classes is not None,
    }
    asked = [where for where, is_given in settings.items() if is_given]
    if not asked:
        return dataset
    if problems := [Problem(where, why) for where in asked if (why := _obstacle(where, dataset))]:
        raise RequestError(*problems)
    if dataset.validation is not None and not existing:
        require_one_validation(dataset.name, len(dataset.validation), selection)
    if dataset.class_names:
        selection.check(len(dataset.class_names))
    train, carved, _ = selection.divide(_labels(dataset.train))
    validation = dataset.validation
    if len(carved):
        kept_out: Split | None = _part(dataset.train, carved, selection)
    else:
        kept_out = None if validation is None else _kept(validation, selection)
    names = dataset.class_names
    if selection.only_classes is not None:
        names = tuple(names[label] for label in selection.only_classes)
    own = _part(dataset.train, train, selection)
    return replace(
        dataset,
        train=own,
        validation=kept_out,
        test=_kept(dataset.test, selection),
        class_names=names,
    )


def _obstacle(where: str, dataset: Dataset) -> str:
    """Return why a setting cannot apply to a dataset, or nothing."""
    splits = (dataset.train, dataset.validation, dataset.test)
    if not all(isinstance(split, Resident) for split in splits if split is not None):
        return f"{dataset.name} does not hold its examples in memory, so that its source alone decides; leave it out"
    if where == "data.validation":
        recalled = dataset.test is dataset.train
        return (
            f"{dataset.name} is tested on what it trains on, so that nothing is kept out; set it to 0"
            if recalled
            else ""
        )
    if not dataset.class_names or not all(
        _is_classes(split) for split in splits if split is not None
    ):
        return f"the targets of {dataset.name} are not classes; leave it out"
    return ""


def _is_classes(split: Split) -> bool:
    targets = _labels(split)
    return targets.ndim == 1 and targets.dtype.kind in "iu"


def _labels(split: Split) -> np.ndarray:
    assert isinstance(split, Resident)
    return np.asarray(split.targets)


def _kept(split: Split, selection: Selection) -> Split:
    return (
        split
        if selection.only_classes is None
        else _part(split, selection.kept(_labels(split)), selection)
    )


def _part(split: Split, indices: np.ndarray, selection: Selection) -> Split:
    assert isinstance(split, Resident)
    targets = _labels(split)[indices]
    renumbered = targets if selection.only_classes is None else selection.renumber(targets)
    return Resident(np.asarray(split.inputs)[indices], renumbered)
