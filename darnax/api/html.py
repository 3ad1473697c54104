"""How a run looks in a notebook: a line about it, and the curves of its accuracies."""

import math
from collections.abc import Mapping

from darnax.printing import element_text
from darnax.reports.curves import Curve

WIDTH, HEIGHT, MARGIN = 360, 160, 36
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728")


def run_html(title: str, curves: Mapping[str, Curve]) -> str:
    """Return a line, and one SVG plot of all curves over epochs; without a plot where there is no curve."""
    head = f"<div><code>{element_text(title)}</code></div>"
    return head + plot(curves) if curves else head


def plot(curves: Mapping[str, Curve]) -> str:
    """Return an SVG plot with one line for each curve."""
    values = [value for curve in curves.values() for value in curve.mean if math.isfinite(value)]
    low, high = min(values), max(values)
    last = max(float(curve.epochs[-1]) for curve in curves.values()) or 1.0
    parts = [text(2, MARGIN / 2 + 4, f"{high:.2%}"), text(2, HEIGHT - MARGIN / 2, f"{low:.2%}")]
    parts.append(text(WIDTH - 110, HEIGHT - 4, f"epochs, to {last:g}"))
    for (name, curve), colour in zip(curves.items(), COLOURS * len(curves), strict=False):
        points = [
            point(x, y, low, high, last)
            for x, y in zip(curve.epochs, curve.mean, strict=True)
            if math.isfinite(y)
        ]
        parts.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{" ".join(points)}"/>'
        )
        parts.append(text(WIDTH + 8, MARGIN / 2 + 16 * (len(parts) // 2), name, colour))
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH + 140}" height="{HEIGHT}">{"".join(parts)}</svg>'


def point(x: float, y: float, low: float, high: float, last: float) -> str:
    """Return where a value is drawn."""
    across = MARGIN + 20 + (WIDTH - MARGIN - 20) * x / last
    up = (y - low) / (high - low) if high > low else 0.5
    down = HEIGHT - MARGIN / 2 - (HEIGHT - MARGIN) * up
    return f"{across:.1f},{down:.1f}"


def text(x: float, y: float, words: str, colour: str = "#555") -> str:
    """Return one line of text."""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="11" fill="{colour}">{element_text(words)}</text>'
    )
