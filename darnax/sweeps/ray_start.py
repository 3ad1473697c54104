"""Starts Ray for a sweep such that a signal stops points as with any other launcher."""

import os
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from omegaconf import DictConfig, OmegaConf

from darnax.runner.stop_signals import STOP_SIGNALS

OBJECT_STORE = 80_000_000  # bytes of memory; Ray transfers nothing large for a sweep


@contextmanager
def ray_started(config: DictConfig) -> Iterator[None]:
    """Start Ray, or connect to it, for the duration of the block.

    Its launcher would do so itself, but with Ray's handlers of signals.

    Args:
        config: of the launcher.
    """
    os.environ.setdefault("RAY_DISABLE_FAILURE_SIGNAL_HANDLER", "1")  # it aborts at SIGTERM
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    settings: Any = OmegaConf.to_container(config.ray.init, resolve=True)
    if settings.get("address") == "local":
        settings.setdefault("object_store_memory", OBJECT_STORE)
    with handlers_kept(), warnings.catch_warnings():
        # JAX warns of a fork; the new process runs another program at once.
        warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
        ray.init(**settings)
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def handlers_kept() -> Iterator[None]:
    """Install the handlers of signals again that were there before the block."""
    before = {signum: signal.getsignal(signum) for signum in STOP_SIGNALS}
    yield
    if threading.current_thread() is threading.main_thread():
        for signum, handler in before.items():
            signal.signal(signum, handler)
