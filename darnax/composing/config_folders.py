"""Where configurations are found: the user's ./configs first, then the ones that come with darnax."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

MADE = (
    "sweep.json",
    "summary.json",
    "composed.yaml",
)  # one of them makes a folder that of a run or a sweep


def packaged_folder() -> Path:
    """Return the configurations that come with darnax: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parents[1]
    return package / "configs" if (package / "configs").is_dir() else package.parent / "configs"


def config_folders() -> list[Path]:
    """List every directory of configurations; the first one wins.

    What lies in the folder of a run or of a sweep came with it, from wherever that came: ./configs is nobody's there.
    """
    mine = Path("configs").absolute()
    is_mine = mine.is_dir() and mine != packaged_folder() and not any(map(os.path.lexists, MADE))
    return [mine, packaged_folder()] if is_mine else [packaged_folder()]


def list_experiments() -> dict[str, str]:
    """Map the name of every experiment to the first comment in its file."""
    found: dict[str, str] = {}
    for directory in config_folders():
        for file in sorted((directory / "experiment").rglob("*.yaml")):
            name = file.relative_to(directory / "experiment").with_suffix("").as_posix()
            found.setdefault(name, first_comment(file))
    return dict(sorted(found.items()))


def package(text: str, group: Sequence[str]) -> list[str]:
    r"""Return the key under which the content of a file stands: its group, unless `# @package` says another one.

    Example:
        >>> package("depth: 1", ["model"]), package("# @package _global_\ndepth: 1", ["experiment"])
        (['model'], [])
    """
    match = re.search(r"^\s*#\s*@package\s+(\S+)", text, re.MULTILINE)
    if match is None or match[1] == "_group_":
        return list(group)
    return [] if match[1] == "_global_" else match[1].split(".")


def first_comment(file: Path) -> str:
    """Return the first comment of a YAML file that is not an instruction to Hydra (`# @package …`)."""
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    comments = (line.lstrip("# ") for line in lines if line.startswith("#"))
    return next((line for line in comments if line and not line.startswith("@package")), "")
