"""Strict dtype and rank promotion for the tests of the library."""

from collections.abc import Iterator

import jax
import pytest


@pytest.fixture(autouse=True)
def strict() -> Iterator[None]:
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


@pytest.fixture
def lenient() -> Iterator[None]:
    """Disable JAX's strict mode where Optax multiplies step counts with floats."""
    with jax.numpy_dtype_promotion("standard"):
        yield
