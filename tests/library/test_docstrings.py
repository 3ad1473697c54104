"""The examples in the library's docstrings run as they stand."""

import doctest
import importlib
from pathlib import Path

import pytest

import darnax

ROOT = Path(darnax.__file__).parent
PACKAGES = (
    "activations",
    "states",
    "rules",
    "connectivity",
    "modules",
    "observables",
    "tracking",
)
LIBRARY = [
    *ROOT.glob("*.py"),
    *(file for package in PACKAGES for file in (ROOT / package).iterdir()),
]
EXAMPLES = sorted(file for file in LIBRARY if file.suffix == ".py" and ">>>" in file.read_text())


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_examples_run(file):
    module = importlib.import_module(
        ".".join(("darnax", *file.relative_to(ROOT).with_suffix("").parts))
    )
    results = doctest.testmod(module)
    assert results.attempted
    assert not results.failed
