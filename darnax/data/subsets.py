"""Apply `data.validation`, `per_class` and `only_classes` to a dataset that a source opened."""

from dataclasses import replace

import numpy as np

from darnax.data.dataset import Dataset, Split
from darnax.data.resident import Resident
from darnax.data.roles import require_one_validation
from darnax.data.selection import Selection
from darnax.errors import Problem, RequestError


def select_examples(dataset: Dataset, selection: Selection, *, existing: bool = False) -> Dataset:
    """Return the dataset with only what `selection` keeps; the given one if it keeps everything.

    With `existing`, examples of train replace the dataset's own validation split, as in a run of
    an earlier version; otherwise that is refused.

    Raises:
        RequestError: naming every setting that cannot apply to these examples.
    """
    settings = {
        "data.validation": selection.validation > 0,
        "data.per_class": selection.per_class is not None,
        "data.only_classes": selection.only_classes is not None,
        "data.test": selection.test > 0,
    }
    given = [where for where, is_given in settings.items() if is_given]
    if not given:
        return dataset
    reasons = {where: _find_obstacle(where, dataset) for where in given}
    problems = [Problem(where, reason) for where, reason in reasons.items() if reason]
    if problems:
        raise RequestError(*problems)
    if dataset.validation is not None and not existing:
        require_one_validation(dataset.name, len(dataset.validation), selection)
    selection.check(len(dataset.class_names))
    labels = _get_targets(dataset.train)
    if not _has_class_targets(dataset.train):
        labels = np.zeros(len(labels), np.int32)  # a share is one of all examples
    train, carved, _ = selection.divide(labels)
    validation = dataset.validation
    if len(carved):
        chosen_by: Split | None = _take_examples(dataset.train, carved, selection)
    else:
        chosen_by = None if validation is None else _keep_classes(validation, selection)
    names = dataset.class_names
    if selection.only_classes is not None:
        names = tuple(names[label] for label in selection.only_classes)
    return replace(
        dataset,
        train=_take_examples(dataset.train, train, selection),
        validation=chosen_by,
        test=_keep_classes(dataset.test, selection),
        class_names=names,
    )


def _find_obstacle(where: str, dataset: Dataset) -> str:
    """Return why a setting cannot apply to a dataset, or an empty string."""
    name = dataset.name
    if where == "data.test":
        return f"{name} has a test split of its own, of {len(dataset.test)}; leave it out"
    splits = [s for s in (dataset.train, dataset.validation, dataset.test) if s is not None]
    if not all(isinstance(split, Resident) for split in splits):
        what = f"{name} does not hold its examples in memory, so that its source alone decides"
        return f"{what}; leave it out"
    if where == "data.validation":
        if dataset.test is dataset.train:
            what = f"{name} is tested on what it trains on, so that nothing is kept out"
            return f"{what}; set it to 0"
        return ""
    if not dataset.class_names or not all(map(_has_class_targets, splits)):
        what = f"the targets of {name} are not classes"
        if not dataset.class_names and all(map(_has_class_targets, splits)):
            what = f"{name} has integer targets and no class_names"
            return f"{what}; give them to dataset_from_arrays, or leave it out"
        return f"{what}; leave it out"
    return ""


def _has_class_targets(split: Split) -> bool:
    targets = _get_targets(split)
    return targets.ndim == 1 and targets.dtype.kind in "iu"


def _get_targets(split: Split) -> np.ndarray:
    assert isinstance(split, Resident)
    return np.asarray(split.targets)


def _keep_classes(split: Split, selection: Selection) -> Split:
    """Return the split with the classes that are kept."""
    if selection.only_classes is None:
        return split
    return _take_examples(split, selection.kept_indices(_get_targets(split)), selection)


def _take_examples(split: Split, indices: np.ndarray, selection: Selection) -> Split:
    """Return the examples at `indices`, with their labels renumbered."""
    assert isinstance(split, Resident)
    targets = _get_targets(split)[indices]
    renumbered = targets if selection.only_classes is None else selection.renumber(targets)
    return Resident(np.asarray(split.inputs)[indices], renumbered)
