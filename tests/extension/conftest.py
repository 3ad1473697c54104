from collections.abc import Callable
from pathlib import Path

import pytest

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


@pytest.fixture
def train(tmp_path: Path) -> Train:
    """Train a tiny network on random pairs, with a package from outside darnax."""

    def run(*words: str, trust: bool = True) -> darnax.Run:
        trusted = ["trust=[extlab]"] if trust else []
        return darnax.train(*TINY, f"paths.outputs={tmp_path}", *trusted, *words)

    return run
