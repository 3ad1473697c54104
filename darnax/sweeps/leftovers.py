"""Removes from a sweep's folder what was made for the sweep and is of no use, and nothing else."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from darnax.bounded_yaml import load_plain
from darnax.errors import Problem, RequestError
from darnax.files import read_text
from darnax.locks import is_locked
from darnax.sweeps.point import Point
from darnax.sweeps.record import NAME, OWN_FILES, Record, overrides_of

RUN = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d-[0-9a-f]+")
EMPTY = ("train.log", "checkpoints", ".lock")  # of a run that has not started
BEFORE_TRAINING = ("config.yaml", "composed.yaml", "overrides.yaml", "environment.json", *EMPTY)


def remove_stillborn_runs(record: Record) -> list[str]:
    """Remove runs that were killed while their folders were made; report other folders.

    Returns:
        A line for every folder that is not a run.

    Raises:
        RequestError: a run of this sweep has checkpoints but no summary.json; its owner decides.
    """
    if any(is_locked(record.note(point)) for point in record.points):
        return []  # another process may be making a folder right now
    lines, runs = [], record.runs()
    for folder in sorted(record.folder.iterdir()):
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        if (folder / "summary.json").exists():
            continue
        if is_stillborn(folder, record.points):
            remove((folder / name for name in BEFORE_TRAINING), folder)
            continue
        has_checkpoints = any((folder / "checkpoints").glob("*"))
        if has_checkpoints and is_only_run_of_a_point(record.points, folder, runs):
            what = (
                "has checkpoints, but no summary.json; "
                """put '{"status": "interrupted"}' there to resume the run, """
                "or move its folder away to restart its point"
            )
            raise RequestError(Problem(str(folder), what))
        lines.append(f"{folder.name} is not a run of this sweep; it is left as it is")
    return lines


def is_only_run_of_a_point(
    points: Iterable[Point], folder: Path, runs: dict[tuple[str, ...], Path]
) -> bool:
    """Return whether a folder is the only run of a point."""
    overrides = overrides_of(folder)
    return overrides not in runs and any(point.overrides == overrides for point in points)


def is_stillborn(folder: Path, points: Iterable[Point]) -> bool:
    """Return whether a folder is a run of this sweep that was killed before it was complete.

    The overrides or the configuration in it show this, and they are written early. A folder with
    neither may belong to something else and is kept.
    """
    found = {entry.name: entry for entry in folder.iterdir()}
    if not RUN.fullmatch(folder.name) or not set(found) <= set(BEFORE_TRAINING):
        return False
    if "overrides.yaml" in found:
        overrides = overrides_of(folder)
        is_ours = any(point.overrides == overrides for point in points)
    else:
        config = read_config(folder)
        is_ours = config is not None and any(point.config == config for point in points)
    if not is_ours:
        return False
    return all(is_empty(found[name]) for name in EMPTY if name in found)


def read_config(run: Path) -> Any:
    """Read the configuration of a run; None if it is missing or unreadable."""
    try:
        return load_plain(read_text(run / "config.yaml"))
    except (OSError, ValueError, RecursionError):
        return None


def is_empty(path: Path) -> bool:
    """Return whether a folder or a file is empty."""
    return not any(path.iterdir()) if path.is_dir() else path.stat().st_size == 0


def remove_record(record: Record) -> None:
    """Remove the files of a sweep that this process has made, and its folders if empty."""
    shutil.rmtree(record.folder / ".submitit", ignore_errors=True)
    points = record.folder / ".points"
    remove((record.note(point) for point in record.points), points)
    remove((record.folder / name for name in (NAME, *OWN_FILES)), record.folder)


def remove(paths: Iterable[Path], folder: Path) -> None:
    """Remove files and empty folders, and then their folder if it is empty."""
    for path in (*paths, folder):
        try:
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        except OSError:  # not there, or not empty
            continue


def remove_empty(folder: Path, existing: Path) -> None:
    """Remove empty folders upwards, up to the one that existed before."""
    for parent in (folder, *folder.parents):
        if parent == existing or (parent.exists() and any(parent.iterdir())):
            return
        if parent.exists():
            parent.rmdir()
