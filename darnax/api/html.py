"""The HTML of a run in a notebook: a title, and the curves of its accuracies."""

import math
from collections.abc import Mapping
from pathlib import Path

from darnax.printing import element_text
from darnax.reports.curves import Curve, average
from darnax.reports.records import read_digest
from darnax.scores import parse_score

WIDTH, HEIGHT, MARGIN = 360, 160, 36
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728")


def run_html(title: str, curves: Mapping[str, Curve]) -> str:
    """Return the title, and an SVG plot of all curves over epochs if there are any."""
    head = f"<div><code>{element_text(title)}</code></div>"
    return head + draw_plot(curves) if curves else head


def score_curves(folder: Path) -> dict[str, Curve]:
    """Return the curves of the scores that a run has logged more than once, by their names."""
    curves = {}
    for name, points in read_digest(folder / "metrics.jsonl").points.items():
        if parse_score(name) and len(points[0]) > 1:
            curves[name] = average([points])
    return curves


def draw_plot(curves: Mapping[str, Curve]) -> str:
    """Return an SVG plot with one line for each curve."""
    values: list[float] = []
    for curve in curves.values():
        values += filter(math.isfinite, curve.mean)
    low, high = min(values), max(values)
    last = max(float(curve.epochs[-1]) for curve in curves.values()) or 1.0
    parts = [
        draw_text(2, MARGIN / 2 + 4, f"{high:.2%}"),
        draw_text(2, HEIGHT - MARGIN / 2, f"{low:.2%}"),
        draw_text(WIDTH - 110, HEIGHT - 4, f"epochs, to {last:g}"),
    ]
    for (name, curve), colour in zip(curves.items(), COLOURS * len(curves), strict=False):
        points = [
            format_point(x, y, low, high, last)
            for x, y in zip(curve.epochs, curve.mean, strict=True)
            if math.isfinite(y)
        ]
        attributes = (
            f'fill="none" stroke="{colour}" stroke-width="1.5"',
            f'points="{" ".join(points)}"',
        )
        parts.append(f"<polyline {' '.join(attributes)}/>")
        parts.append(draw_text(WIDTH + 8, MARGIN / 2 + 16 * (len(parts) // 2), name, colour))
    size = f'width="{WIDTH + 140}" height="{HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'


def format_point(x: float, y: float, low: float, high: float, last: float) -> str:
    """Return the coordinates at which a value is drawn."""
    across = MARGIN + 20 + (WIDTH - MARGIN - 20) * x / last
    up = (y - low) / (high - low) if high > low else 0.5
    down = HEIGHT - MARGIN / 2 - (HEIGHT - MARGIN) * up
    return f"{across:.1f},{down:.1f}"


def draw_text(x: float, y: float, words: str, colour: str = "#555") -> str:
    """Return an SVG element with one line of text."""
    position = f'x="{x:.0f}" y="{y:.0f}"'
    return f'<text {position} font-size="11" fill="{colour}">{element_text(words)}</text>'
