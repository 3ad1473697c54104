"""Selects cases for `make test`; `make test-all` runs all of them."""

from collections.abc import Sequence
from typing import Any

import pytest


def one_of(n: int, cases: Sequence[Any]) -> list[Any]:
    """Mark all but one of n cases as slow: each runs a command, all take minutes."""
    values = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [
        pytest.param(*value, marks=pytest.mark.slow if number % n else ())
        for number, value in enumerate(values)
    ]
