"""The folders of configurations: the user's ./configs first, then those that come with darnax."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

# A folder with one of these files belongs to a run or a sweep.
MARKERS = ("sweep.json", "summary.json", "composed.yaml")


def packaged_folder() -> Path:
    """Return darnax's own configurations: inside the package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


def config_folders() -> list[Path]:
    """List the folders of configurations; the first one takes precedence.

    The content of a run or sweep folder may come from anywhere: a `configs` folder in it is not
    used.
    """
    own = Path("configs").absolute()
    if not own.is_dir() or own == packaged_folder() or any(map(os.path.lexists, MARKERS)):
        return [packaged_folder()]
    return [own, packaged_folder()]


def list_experiments() -> dict[str, str]:
    """Map the name of every experiment to the first comment in its file."""
    found: dict[str, str] = {}
    for directory in config_folders():
        for file in sorted((directory / "experiment").rglob("*.yaml")):
            name = file.relative_to(directory / "experiment").with_suffix("").as_posix()
            found.setdefault(name, first_comment(file))
    return dict(sorted(found.items()))


def find_package(text: str, group: Sequence[str]) -> list[str]:
    r"""Return the key that a file's content belongs under: `# @package`, or else its group.

    Example:
        >>> find_package("depth: 1", ["model"])
        ['model']
        >>> find_package("# @package _global_\ndepth: 1", ["experiment"])
        []
    """
    match = re.search(r"^\s*#\s*@package\s+(\S+)", text, re.MULTILINE)
    if match is None or match[1] == "_group_":
        return list(group)
    return [] if match[1] == "_global_" else match[1].split(".")


def first_comment(file: Path) -> str:
    """Return the first comment of a YAML file that is no directive of Hydra's (`# @package …`)."""
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    comments = (line.lstrip("# ") for line in lines if line.startswith("#"))
    return next((line for line in comments if line and not line.startswith("@package")), "")
