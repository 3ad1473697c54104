"""Compiled programs are kept between processes, so that the next run starts at once."""

import os
from pathlib import Path


def keep_compiled_programs() -> None:
    """Let JAX keep what it compiles in the user's cache folder, unless JAX_COMPILATION_CACHE_DIR names another one."""
    import jax

    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        jax.config.update("jax_compilation_cache_dir", str(own_cache()))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)


def own_cache() -> Path:
    """Return the folder in which JAX keeps what it compiles for darnax."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "darnax" / "jax"
