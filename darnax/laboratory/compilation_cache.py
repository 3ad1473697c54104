"""Keeps compiled programs between processes, so that later runs start without compiling."""

import os
from pathlib import Path

from darnax.files import user_cache


def keep_compiled_programs() -> None:
    """Let JAX cache programs in the user's cache folder, or in JAX_COMPILATION_CACHE_DIR if set."""
    import jax

    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        jax.config.update("jax_compilation_cache_dir", str(own_cache()))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)


def own_cache() -> Path:
    """Return the folder in which JAX caches darnax's programs."""
    return user_cache() / "jax"
