"""What a confusion matrix says: an interval for the accuracy, recall and precision by class, and a picture."""

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from darnax.printing import element_text

BOLD = 'text-anchor="middle" font-weight="bold"'
CELL, MARGIN, HEADER = 44, 110, 120  # pixels


class ClassScore(NamedTuple):
    """One class: its name, how many examples are of it, the share of them found, the share of its predictions that hold."""

    name: str
    n: int
    recall: float
    precision: float


def interval(correct: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the 95% interval of Wilson for a proportion: it stays in [0, 1] and holds near 0 and 1, unlike p ± z·sd.

    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n) with p = correct / n.

    Example:
        >>> low, high = interval(9437, 10000)
        >>> round(low, 4), round(high, 4)
        (0.939, 0.948)
    """
    if n == 0:
        return 0.0, 1.0
    p, shrink = correct / n, 1 + z**2 / n
    middle, half = (
        (p + z**2 / (2 * n)) / shrink,
        z * sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / shrink,
    )
    return max(0.0, middle - half), min(1.0, middle + half)


def classes(confusion: NDArray[np.integer], names: Sequence[str]) -> list[ClassScore]:
    """Score every class of a matrix of counts `(true, predicted)`; a share of nothing is nan.

    Example:
        >>> classes(np.array([[3, 1], [0, 4]]), ["a", "b"])[1]
        ClassScore(name='b', n=4, recall=1.0, precision=0.8)
    """
    true, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    return [
        ClassScore(
            name,
            int(true[i]),
            majority_rate(confusion[i, i], true[i]),
            majority_rate(confusion[i, i], predicted[i]),
        )
        for i, name in enumerate(names)
    ]


def majority_rate(part: int, whole: int) -> float:
    """Return the fraction `part / whole`, nan of nothing."""
    return float(part / whole) if whole else float("nan")


def draw(confusion: NDArray[np.integer], names: Sequence[str]) -> str:
    """Draw the matrix as a self-contained SVG: rows are true classes, columns predictions, shade is the share of the row."""
    side = CELL * len(names)
    width, height = MARGIN + side + 20, HEADER + side + 20
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            'font-family="sans-serif" font-size="12">',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            f'<text x="{MARGIN + side / 2}" y="20" {BOLD}>predicted</text>',
            f'<text transform="translate(16 {HEADER + side / 2}) rotate(-90)" {BOLD}>true</text>',
            *labels(names),
            *cells(confusion, names),
            "</svg>\n",
        ]
    )


def labels(names: Sequence[str]) -> Iterator[str]:
    """Write the names of the classes: beside the rows, and slanted above the columns."""
    for i, name in enumerate(names):
        middle = i * CELL + CELL / 2
        text = element_text(name if len(name) <= 14 else name[:13] + "…")
        yield f'<text x="{MARGIN - 8}" y="{HEADER + middle + 4}" text-anchor="end">{text}</text>'
        yield f'<text transform="translate({MARGIN + middle + 4} {HEADER - 8}) rotate(-45)">{text}</text>'


def cells(confusion: NDArray[np.integer], names: Sequence[str]) -> Iterator[str]:
    """Draw one square a pair of classes: blue on the diagonal, red off it, the count in it, the words when one points at it."""
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    for (i, j), count in np.ndenumerate(confusion):
        x, y, weight = MARGIN + j * CELL, HEADER + i * CELL, float(shares[i, j])
        colour = "33,102,172" if i == j else "178,24,43"
        shade = weight if i == j else sqrt(weight)  # rare confusions stay visible
        title = (
            f"{element_text(names[i])} taken for {element_text(names[j])}: {count} ({weight:.1%})"
        )
        yield (
            f'<g><title>{title}</title><rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" '
            f'fill="rgb({colour})" fill-opacity="{shade:.3f}" stroke="#ddd"/>'
        )
        if count:
            ink = "white" if shade > 0.5 else "black"
            yield f'<text x="{x + CELL / 2}" y="{y + CELL / 2 + 4}" text-anchor="middle" fill="{ink}">{count}</text>'
        yield "</g>"
