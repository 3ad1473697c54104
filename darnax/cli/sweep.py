"""A sweep for a person: every point is tried, none stops the others, and a table tells how they ended."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from darnax.cli import panels, tables


@dataclass(frozen=True)
class Point:
    """How one point of a sweep ended; as a number it is its accuracy, which is what an optimising sweeper maximises."""

    overrides: tuple[str, ...]
    status: str
    accuracy: float = math.nan

    def __float__(self) -> float:
        return self.accuracy


def sweep(overrides: list[str], file: Path | None, command: list[str], *, debug: bool = False) -> int:
    """Run all points; the exit code is 0, or 1 if one of them failed, or 2 if all were refused."""
    from darnax.cli import hydra_adapter

    points = hydra_adapter.sweep(overrides, partial(point, command, debug), file)
    constant = set.intersection(*(set(p.overrides) for p in points)) if len(points) > 1 else set()
    tables.show(
        ("point", "status", "accuracy"),
        [(" ".join(o for o in p.overrides if o not in constant), p.status, tables.percent(p.accuracy)) for p in points],
    )
    if points and all(p.status == "refused" for p in points):
        return panels.REFUSED
    return panels.FAILED if any(p.status in ("refused", "failed") for p in points) else 0


def point(command: list[str], debug: bool, compose: Callable[[], dict[str, Any]], overrides: list[str], folder: Path) -> Point:
    """Train one point, and show at once what went wrong with it."""
    print("\npoint:", *overrides, flush=True)
    try:
        configuration = compose()
        from darnax.cli import launch

        summary = launch.train(configuration, overrides=overrides, command=command, sweep=folder)
    except Exception as error:
        code = panels.report(error, debug=debug)
        return Point(tuple(overrides), "refused" if code == panels.REFUSED else "failed")
    return Point(tuple(overrides), summary["status"], summary["metrics"].get("eval/accuracy", math.nan))
