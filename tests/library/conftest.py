"""In the library, arrays of different dtype or rank never meet by accident."""

from collections.abc import Iterator

import jax
import pytest


@pytest.fixture(autouse=True)
def strict() -> Iterator[None]:
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


@pytest.fixture
def lenient() -> Iterator[None]:
    """Leave JAX's strict mode where Optax counts steps: it multiplies integers with floats."""
    with jax.numpy_dtype_promotion("standard"):
        yield
