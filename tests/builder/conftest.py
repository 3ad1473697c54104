from collections.abc import Iterator

import jax
import pytest


@pytest.fixture(autouse=True)
def as_in_a_run() -> Iterator[None]:
    """Disable JAX's strict mode, which other tests may enable: Optax's schedules mix dtypes."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield
