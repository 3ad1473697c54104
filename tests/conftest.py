"""Shapes and types in the library's annotations are checked while tests run; this must come before any import of darnax."""

from collections.abc import Iterator

import jax
import pytest
from jaxtyping import install_import_hook

ROOMS = ["states", "rules", "connectivity", "modules", "layer_map", "orchestrators", "relaxation", "observables", "learning"]
install_import_hook([f"darnax.{room}" for room in ROOMS], "annotations.checked")


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    """For tests whose time goes into compiling small programs: XLA spends less on them."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
