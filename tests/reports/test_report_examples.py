"""Examples in the docstrings of the reports. Oracle: doctest."""

import doctest
import importlib
from pathlib import Path

import pytest

from darnax import reports

EXAMPLES = sorted(
    file.stem for file in Path(reports.__file__).parent.glob("*.py") if ">>>" in file.read_text()
)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_run(name):
    results = doctest.testmod(importlib.import_module(f"darnax.reports.{name}"))
    assert results.attempted
    assert not results.failed
