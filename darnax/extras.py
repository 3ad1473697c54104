"""The commands that install optional packages, as messages give them; no registry has darnax."""

import shlex
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path


def pip_install(*packages: str) -> str:
    """Return the command that installs packages where this program runs."""
    return " ".join([f"{shlex.quote(sys.executable or 'python')} -m pip install", *packages])


def install_command(extra: str) -> str:
    """Return the command that installs the packages of an extra where this program runs.

    In a clone that is the extra of the clone. An installed darnax does not know where its wheel is
    now, so that the packages themselves are named.
    """
    clone = Path(__file__).parents[1]
    if (clone / "pyproject.toml").is_file():
        return pip_install("--editable", shlex.quote(f"{clone}[{extra}]"))
    try:
        packages = packages_of(extra, requires("darnax") or [])
    except PackageNotFoundError:
        packages = []
    return pip_install(*map(shlex.quote, packages or [f"darnax[{extra}]"]))


def packages_of(extra: str, requirements: Iterable[str]) -> list[str]:
    """Return the requirements of an extra among those of a distribution.

    Example:
        >>> packages_of("ray", ["jax>=0.10", 'hydra-ray-launcher<1.3; extra == "ray"'])
        ['hydra-ray-launcher<1.3']
    """
    found = []
    for requirement in requirements:
        package, _, marker = requirement.partition(";")
        if marker.replace("'", '"').replace(" ", "") == f'extra=="{extra}"':
            found.append(package.strip())
    return found
