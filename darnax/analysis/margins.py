"""Margins y·h: how strongly the field of a unit supports its state, before training and after."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from darnax.analysis.table import Table

BINS = 60
TAILS = 0.1  # percent of the margins at either end that are counted in the outermost bin
COLUMNS = ("layer", "when", "margin", "share")


def distributions(margins: Mapping[str, Mapping[str, NDArray[np.floating]]]) -> Table:
    """Return the histogram of y·h for every layer, with the same bins for all moments of a layer.

    The column `margin` is the middle of a bin; the values of `share` add up to 1.

    Args:
        margins: layer -> moment (such as before, after) -> y·h of all units and samples, in any
            shape.
    """
    rows = []
    for layer, moments in margins.items():
        edges = choose_bins(np.concatenate([np.ravel(values) for values in moments.values()]))
        middles = (edges[:-1] + edges[1:]) / 2
        for when, values in moments.items():
            counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
            fractions = counts / counts.sum()
            for middle, fraction in zip(middles, fractions, strict=True):
                rows.append((layer, when, float(middle), float(fraction)))
    return Table(COLUMNS, rows)


def choose_bins(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the edges: zero is one of them, so that no bin mixes stable and unstable units."""
    low, high = np.percentile(values, [TAILS, 100 - TAILS])
    low = min(low, 0.0)
    width = max(float(high - low), 1e-6) / BINS  # the minimum is for margins that are all equal
    first, last = np.floor(low / width), np.ceil(max(high, width) / width)
    return width * np.arange(first, last + 1)
