"""Under what circumstances a run happened: the receipt that goes with its numbers."""

import platform
import shlex
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from darnax.runner import jax_settings

PACKAGES = ("darnax", "jax", "jaxlib", "equinox", "optax", "numpy")


def describe_environment(*, seed: Any, command: Sequence[str]) -> dict[str, Any]:
    """Return versions, platform, git commit and dirty flag of the working directory, devices, JAX's settings, seed, command."""
    import jax

    devices = jax.devices()
    return {
        "command": shlex.join(command),
        "seed": seed,
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "platform": platform.platform(),
        "git": _git_state(),
        "device": {"backend": devices[0].platform, "kind": devices[0].device_kind, "count": len(devices)},
        "jax": jax_settings.current(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git_state() -> dict[str, Any] | None:
    """Return {"commit", "dirty"}, or None where there is no repository, no commit or no git."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return None
    changes = _git("status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def _git(*arguments: str) -> str | None:
    try:
        answer = subprocess.run(("git", *arguments), capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
