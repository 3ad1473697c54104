"""Class labels of a set of TFDS, which names its classes."""

from collections.abc import Mapping, Sequence

import numpy as np

from darnax.errors import Problem, RequestError
from darnax.local_data.image_listing import name_some
from darnax.local_data.targets import number_labels
from darnax.printing import count_of

WHERE = "data.target"


def number_class_labels(
    labels: Mapping[str, np.ndarray],
    names: tuple[str, ...],
    class_names: Sequence[str] | None = None,
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Return the classes of every role, int32, and their names.

    Args:
        labels: role -> positions in `names`.
        names: of the classes of the set.
        class_names: of a run that exists, in their order; None: those of the set.

    Raises:
        RequestError: a label is out of range, or a class has no training example.
    """
    for role, found in labels.items():
        if len(found) and not 0 <= found.min() <= found.max() < len(names):
            bad = found[(found < 0) | (found >= len(names))]
            share = f"{len(bad)} of {count_of(len(found), 'label')}"
            what = f"{share} of {role} are out of range (such as {bad[0]})"
            what += f", expected 0 to {len(names) - 1}"
            unlabelled = "; TFDS writes -1 for examples without a label: choose other data.splits"
            raise RequestError(Problem(WHERE, what + (unlabelled if bad[0] == -1 else "")))
    if class_names is not None and tuple(class_names) != names:
        numbers = {}
        for role, found in labels.items():
            own = np.array(names)[found]
            numbers[role] = number_labels(role, own, class_names, WHERE, True)
        return numbers, tuple(class_names)
    if class_names is None:
        _require_trained(labels, names)
    return {role: found.astype(np.int32) for role, found in labels.items()}, names


def _require_trained(labels: Mapping[str, np.ndarray], names: tuple[str, ...]) -> None:
    """Raise RequestError if a class occurs in another role than train alone."""
    trained = np.unique(labels["train"])
    for role, found in labels.items():
        absent = [names[label] for label in np.setdiff1d(found, trained)]
        if absent:
            what = f"{role} has the classes {name_some(absent)}, which are not in train"
            raise RequestError(Problem(WHERE, f"{what}; choose other data.splits"))
