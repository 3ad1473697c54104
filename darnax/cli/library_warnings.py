"""What libraries warn of goes to the log, without lines of their source; a damaged compilation cache is mended."""

import logging
import re
import warnings
from pathlib import Path
from typing import Any

from darnax.errors import first_line

CACHE = re.compile(r"Error (?:reading|writing) persistent compilation cache entry for '(\w+)'")
logger = logging.getLogger("py.warnings")  # where Python's own `captureWarnings` sends them


class ToLog:
    """Stands in for `warnings.showwarning`."""

    def __init__(self) -> None:
        self.cache_reported = False

    def __call__(self, message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
        """Log one line; of all that is wrong with the compilation cache, the first."""
        text = f"{category.__name__}: {first_line(str(message))}"
        if (entry := CACHE.match(str(message))) is None:
            logger.warning("%s", text)
            return
        drop(entry[1])
        if logger.hasHandlers() and not self.cache_reported:
            self.cache_reported = True
            logger.warning("%s; programs are compiled anew where the cache cannot be read", text)


def install() -> None:
    """Log what libraries warn of from here on."""
    warnings.showwarning = ToLog()


def drop(program: str) -> None:
    """Remove the entries of a program from darnax's own compilation cache: JAX never replaces one that is there."""
    import jax

    from darnax.laboratory.compilation_cache import own_cache

    folder = own_cache()
    if getattr(jax.config, "jax_compilation_cache_dir", None) != str(folder):
        return
    for path in Path(folder).glob(f"{program}-*-cache"):
        if path.is_file() or path.is_symlink():
            path.unlink(missing_ok=True)
