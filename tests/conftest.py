"""Check shapes and types in annotations while tests run; this must precede any import of darnax."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import jax
import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

PACKAGES = [
    "activations",
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
install_import_hook([f"darnax.{package}" for package in PACKAGES], "annotations.checked")

# An example may take any time: machines are busy.
settings.register_profile("darnax", deadline=None)
settings.load_profile("darnax")

# Most of the time of tests goes into compiling small programs. XLA optimises less here, and uses
# its older, faster code generator.
if jax.__version_info__ < (0, 11):  # which later versions do not have
    os.environ["XLA_FLAGS"] = (
        "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
    )
os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"  # for the processes that tests start
jax.config.update("jax_disable_most_optimizations", True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Prepare MNIST first, while other workers run tests without it, so that later ones find it."""
    items.sort(key=lambda item: item.path.name != "test_mnist.py")


def pytest_collection_finish() -> None:
    """Exclude objects that exist when the tests begin from garbage collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="module")
def optimized() -> Iterator[None]:
    """Enable XLA's optimisations, for tests of compiled programs."""
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", True)


@pytest.fixture(scope="session")
def mnist_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepare MNIST once; parallel workers share it, which also exercises the lock."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "tfds"
