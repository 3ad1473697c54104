"""Tiny runs with the package `extlab`, which is trusted unless a test says otherwise."""

from collections.abc import Callable
from pathlib import Path

import darnax

TINY = [
    "+experiment=associations",
    "data.source.inputs=20",
    "data.source.outputs=8",
    "data.batch_size=5",
    "runner.epochs=2",
    "runner.evaluate_every=1",
    "tracking=local",
]
Train = Callable[..., darnax.Run]


def trainer(place: Path) -> Train:
    """Return a function that trains a tiny network with a package from outside darnax."""

    def run(*words: str, trust: bool = True) -> darnax.Run:
        trusted = ["trust=[extlab]"] if trust else []
        return darnax.train(*TINY, f"paths.outputs={place}", *trusted, *words)

    return run
