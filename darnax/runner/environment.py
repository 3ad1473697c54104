"""Under what circumstances a run happened: the receipt that goes with its numbers."""

import os
import platform
import shlex
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from darnax.runner import jax_settings
from darnax.runner.revision import revision

PACKAGES = ("darnax", "jax", "jaxlib", "equinox", "optax", "numpy")


def describe_environment(*, seed: Any, command: Sequence[str]) -> dict[str, Any]:
    """Return versions, platform, git commit and dirty flag of the working directory, devices, JAX's settings, seed, command."""
    import jax

    devices = jax.devices()
    return {
        "command": shlex.join(command),
        "seed": seed,
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in PACKAGES},
        },
        "platform": _platform(),
        "git": revision(Path()),
        "device": {
            "backend": devices[0].platform,
            "kind": devices[0].device_kind,
            "count": len(devices),
        },
        "jax": jax_settings.current(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _platform() -> str:
    # As platform.platform(), which starts the program `uname`, from wherever PATH finds it.
    system = os.uname()
    libc = "".join(platform.libc_ver())
    return "-".join(
        (system.sysname, system.release, system.machine, *([f"with-{libc}"] if libc else []))
    )
