"""Logs the warnings of libraries as one line each, and repairs a damaged compilation cache."""

import logging
import re
import warnings
from pathlib import Path
from typing import Any

from darnax.errors import first_line
from darnax.laboratory.compilation_cache import own_cache
from darnax.laboratory.log_records import has_log

CACHE = re.compile(r"Error (?:reading|writing) persistent compilation cache entry for '(\w+)'")
logger = logging.getLogger("py.warnings")  # the logger that Python's `captureWarnings` uses


class ToLog:
    """Replaces `warnings.showwarning`."""

    def __init__(self) -> None:
        self.cache_reported = False

    def __call__(self, message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
        """Log one line; of several about the compilation cache, the first."""
        text = f"{category.__name__}: {first_line(str(message))}"
        entry = CACHE.match(str(message))
        if entry is None:
            logger.warning("%s", text)
            return
        drop(entry[1])
        if has_log() and not self.cache_reported:
            self.cache_reported = True
            what = "programs are compiled again if the cache cannot be read"
            logger.warning("%s; %s", text, what)


def install() -> None:
    """Log the warnings of libraries from here on."""
    warnings.showwarning = ToLog()


def drop(program: str) -> None:
    """Remove a program from darnax's own compilation cache: JAX never replaces an entry itself."""
    import jax

    folder = own_cache()
    if getattr(jax.config, "jax_compilation_cache_dir", None) != str(folder):
        return
    for path in Path(folder).glob(f"{program}-*-cache"):
        if path.is_file() or path.is_symlink():
            path.unlink(missing_ok=True)
