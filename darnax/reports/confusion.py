"""The confusion matrix: an interval for the accuracy, recall and precision by class, a figure."""

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from darnax.printing import element_text
from darnax.reports.figures import as_json_numbers

PAGE = "confusion.html"  # in the folder of the run
SCRIPTS = ("confusion.js",)
BOLD = 'text-anchor="middle" font-weight="bold"'
CELL, MARGIN, HEADER = 44, 110, 120  # pixels


class ClassScore(NamedTuple):
    """One class: its name, its number of examples, and the recall and the precision on them."""

    name: str
    n: int
    recall: float
    precision: float


def interval(correct: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the 95% interval of Wilson for a proportion.

    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n) with p = correct / n.
    Unlike p ± z·sd it stays in [0, 1] and keeps its coverage near 0 and 1.

    Example:
        >>> low, high = interval(9437, 10000)
        >>> round(low, 4), round(high, 4)
        (0.939, 0.948)
    """
    if n == 0:
        return 0.0, 1.0
    p, shrink = correct / n, 1 + z**2 / n
    middle = (p + z**2 / (2 * n)) / shrink
    half = z * sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / shrink
    return max(0.0, middle - half), min(1.0, middle + half)


def classes(confusion: NDArray[np.integer], names: Sequence[str]) -> list[ClassScore]:
    """Score every class of a matrix of counts `(true, predicted)`; a ratio with 0 below is nan.

    Example:
        >>> classes(np.array([[3, 1], [0, 4]]), ["a", "b"])[1]
        ClassScore(name='b', n=4, recall=1.0, precision=0.8)
    """
    true, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    scores = []
    for i, name in enumerate(names):
        correct = confusion[i, i]
        recall, precision = divide(correct, true[i]), divide(correct, predicted[i])
        scores.append(ClassScore(name, int(true[i]), recall, precision))
    return scores


def divide(part: int, whole: int) -> float:
    """Return `part / whole`, or nan where the whole is 0."""
    return float(part / whole) if whole else float("nan")


def collect(
    confusion: NDArray[np.integer], names: Sequence[str], title: str, summary: str
) -> dict[str, Any]:
    """Return the content of the page of a matrix as JSON values."""
    scores = []
    for score in classes(confusion, names):
        recall, precision = as_json_numbers((score.recall, score.precision))
        scores.append({"name": score.name, "n": score.n, "recall": recall, "precision": precision})
    return {
        "title": title,
        "summary": summary,
        "classes": scores,
        "counts": [[int(count) for count in row] for row in confusion],
    }


def draw(confusion: NDArray[np.integer], names: Sequence[str]) -> str:
    """Draw the matrix as a self-contained SVG.

    Rows are true classes, columns predictions; the shade of a cell is its fraction of the row.
    """
    side = CELL * len(names)
    width, height = MARGIN + side + 20, HEADER + side + 20
    frame = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    font = 'font-family="sans-serif" font-size="12"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {frame} {font}>',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            f'<text x="{MARGIN + side / 2}" y="20" {BOLD}>predicted</text>',
            f'<text transform="translate(16 {HEADER + side / 2}) rotate(-90)" {BOLD}>true</text>',
            *draw_labels(names),
            *draw_cells(confusion, names),
            "</svg>\n",
        ]
    )


def draw_labels(names: Sequence[str]) -> Iterator[str]:
    """Draw the names of the classes: beside the rows, and slanted above the columns."""
    for i, name in enumerate(names):
        middle = i * CELL + CELL / 2
        text = element_text(name if len(name) <= 14 else name[:13] + "…")
        yield f'<text x="{MARGIN - 8}" y="{HEADER + middle + 4}" text-anchor="end">{text}</text>'
        slanted = f"translate({MARGIN + middle + 4} {HEADER - 8}) rotate(-45)"
        yield f'<text transform="{slanted}">{text}</text>'


def draw_cells(confusion: NDArray[np.integer], names: Sequence[str]) -> Iterator[str]:
    """Draw one square for each pair of classes: blue on the diagonal, red off it.

    The count is written in it, the names of the classes appear when the pointer is over it.
    """
    fractions = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    for (i, j), count in np.ndenumerate(confusion):
        x, y, fraction = MARGIN + j * CELL, HEADER + i * CELL, float(fractions[i, j])
        colour = "33,102,172" if i == j else "178,24,43"
        shade = fraction if i == j else sqrt(fraction)  # rare confusions stay visible
        true, predicted = element_text(names[i]), element_text(names[j])
        title = f"{true} taken for {predicted}: {count} ({fraction:.1%})"
        yield (
            f'<g><title>{title}</title><rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" '
            f'fill="rgb({colour})" fill-opacity="{shade:.3f}" stroke="#ddd"/>'
        )
        if count:
            middle = f'x="{x + CELL / 2}" y="{y + CELL / 2 + 4}" text-anchor="middle"'
            ink = "white" if shade > 0.5 else "black"
            yield f'<text {middle} fill="{ink}">{count}</text>'
        yield "</g>"
