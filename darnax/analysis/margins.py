"""Margins: how firmly the field of a unit supports its state, before training and after."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from darnax.analysis.table import Table

BINS = 60
TAILS = 0.1  # percent of the margins on either side that the outermost bins gather
COLUMNS = ("layer", "when", "margin", "share")


def distributions(margins: Mapping[str, Mapping[str, NDArray[np.floating]]]) -> Table:
    """Return the histogram of y·h for every layer, with the same bins for all moments of a layer.

    Args:
        margins: layer -> moment (say before, after) -> y·h of all units and samples, in any shape. A margin is the middle of
            its bin; shares add up to 1.
    """
    rows = []
    for layer, moments in margins.items():
        edges = bins(np.concatenate([np.ravel(values) for values in moments.values()]))
        for when, values in moments.items():
            counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
            middles = (edges[:-1] + edges[1:]) / 2
            rows += [
                (layer, when, float(m), float(c))
                for m, c in zip(middles, counts / counts.sum(), strict=True)
            ]
    return Table(COLUMNS, rows)


def bins(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the edges: zero is one of them, so that no bin mixes stable and unstable units."""
    low, high = np.percentile(values, [TAILS, 100 - TAILS])
    width = max(float(high - min(low, 0.0)), 1e-6) / BINS
    return width * np.arange(np.floor(min(low, 0.0) / width), np.ceil(max(high, width) / width) + 1)
