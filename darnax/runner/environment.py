"""Describes the environment of a run: versions, commit, device, settings, command."""

import os
import platform
import shlex
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from darnax.runner import jax_settings
from darnax.runner.git_revision import read_revision

PACKAGES = ("darnax", "jax", "jaxlib", "equinox", "optax", "numpy")


def describe_environment(*, seed: Any, command: Sequence[str]) -> dict[str, Any]:
    """Return what is needed to reproduce the numbers of a run, as JSON values.

    Versions of packages, platform, git commit of the working directory and whether it has changes,
    devices, JAX's settings, seed and command.
    """
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
        "git": read_revision(Path()),
        "device": {
            "backend": devices[0].platform,
            "kind": devices[0].device_kind,
            "count": len(devices),
        },
        "jax": jax_settings.read_settings(),
    }


@cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _platform() -> str:
    # The same as platform.platform(), which runs the first program `uname` in PATH: that may be a
    # file in a folder from elsewhere.
    system = os.uname()
    parts = [system.sysname, system.release, system.machine]
    libc = "".join(platform.libc_ver())
    if libc:
        parts.append(f"with-{libc}")
    return "-".join(parts)
