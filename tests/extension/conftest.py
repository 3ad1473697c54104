from pathlib import Path

import pytest
from tiny_runs import Train, trainer


@pytest.fixture
def train(tmp_path: Path) -> Train:
    """Train a tiny network on random pairs, with folders of its own."""
    return trainer(tmp_path)
