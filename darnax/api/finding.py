"""The folder of a run or of a sweep, given by its path, its name or its id."""

from pathlib import Path

from darnax.composing import secrets
from darnax.files import exists
from darnax.reports.runs import find_by_name


def find_folder(given: Path) -> Path:
    """Return a path that exists as it is, or else the folder in `outputs` with that name or id.

    Raises:
        RequestError: there is none, or several.
    """
    return given if exists(given) else find_by_name(str(given))


def find_configuration(given: Path) -> Path:
    """Return a YAML file as it is, or else the folder of a run, as `find_folder` finds it.

    Raises:
        RequestError: there is no such folder, or the path contains a secret.
    """
    secrets.require_none([str(given)])  # before a message repeats it
    return given if given.suffix in (".yaml", ".yml") else find_folder(given)
