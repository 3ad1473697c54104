"""Shapes and types in the library's annotations are checked while tests run; this must come before any import of darnax."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import jax
import pytest
from jaxtyping import install_import_hook

ROOMS = [
    "states",
    "rules",
    "connectivity",
    "modules",
    "layer_map",
    "orchestrators",
    "relaxation",
    "observables",
    "learning",
]
install_import_hook([f"darnax.{room}" for room in ROOMS], "annotations.checked")

# The time of most tests goes into compiling small programs: XLA optimises less here, and emits code in its older, quicker way.
if jax.__version_info__ < (0, 11):  # which later versions do not have
    os.environ["XLA_FLAGS"] = (
        "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
    )
os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"  # for the processes that tests start
jax.config.update("jax_disable_most_optimizations", True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Prepare MNIST first: meanwhile other workers have tests that do without, and later ones need not wait for it."""
    items.sort(key=lambda item: item.path.name != "test_mnist.py")


def pytest_collection_finish() -> None:
    """What stands when the tests begin stays: the collector need not go through all of it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="module")
def optimized() -> Iterator[None]:
    """For tests that look at what XLA makes of a program."""
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", True)


@pytest.fixture(scope="session")
def mnist_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the real MNIST is prepared once; parallel workers share it, and so try the lock."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "tfds"
