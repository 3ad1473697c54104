"""Overlaps between the states at two moments of the dynamics, class by class."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from darnax.analysis.table import Table

COLUMNS = ("layer", "between", "class", "overlap")


def by_class(
    moments: Mapping[str, Mapping[str, NDArray[np.floating]]],
    classes: NDArray[np.integer],
    names: Sequence[str],
) -> Table:
    """Return `Σ_i s_i s'_i / (‖s‖ ‖s'‖)` between every two moments, averaged over each class.

    For units of ±1 it is `(1/N) Σ_i s_i s'_i`. It is 0 where all units of a state are 0.

    Args:
        moments: moment (the end of a phase) -> layer -> states (batch, units).
        classes: of the samples.
        names: of the classes.
    """
    rows = []
    for (a, first), (b, second) in combinations(moments.items(), 2):
        for layer in first:
            one, other = first[layer], second[layer]
            lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
            overlap = np.sum(one * other, axis=1) / np.where(lengths > 0, lengths, 1)
            for c in np.unique(classes):
                rows.append((layer, f"{a} – {b}", names[c], float(overlap[classes == c].mean())))
    return Table(COLUMNS, rows)
