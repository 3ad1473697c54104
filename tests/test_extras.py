"""Messages that name an extra. Oracle: the extras in pyproject.toml."""

import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest

from darnax.extras import install_command, packages_of

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
SHIPPED = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
SHIPPED += (ROOT / "configs").rglob("*.yaml")
SHIPPED += [path for path in (ROOT / "darnax").rglob("*.py") if path.name != "extras.py"]


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_command_of_a_clone_installs_the_extra_of_the_clone(extra):
    python, *words = shlex.split(install_command(extra))
    assert python == sys.executable
    assert words == ["-m", "pip", "install", "--editable", f"{ROOT}[{extra}]"]


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_command_of_a_wheel_names_the_packages_of_the_extra(extra):
    # As the metadata of a wheel write them.
    metadata = list(PROJECT["dependencies"])
    for name, requirements in EXTRAS.items():
        metadata += [f"{requirement}; extra == '{name}'" for requirement in requirements]
    assert packages_of(extra, metadata) == EXTRAS[extra]


def test_every_extra_that_is_named_exists_and_none_is_installed_by_the_name_of_darnax():
    named = set()
    for path in SHIPPED:
        text = path.read_text()
        named |= set(re.findall(r"(?:install_command\([\"']|the extra `?)(\w+)", text))
        assert "darnax[" not in text, path
    assert named
    assert named <= set(EXTRAS)
