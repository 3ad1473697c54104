"""What stands in a sweep's folder besides its runs: what was made for this sweep and is worth nothing is removed, no more."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from darnax.bounded_yaml import load_plain
from darnax.errors import Problem, RequestError
from darnax.files import read_text
from darnax.locks import is_locked
from darnax.sweeps.record import NAME, OWN_FILES, Point, Record, overrides_of

RUN = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d-[0-9a-f]+")
EMPTY = ("train.log", "checkpoints", ".lock")  # of a run that has not begun
BEFORE_TRAINING = ("config.yaml", "composed.yaml", "overrides.yaml", "environment.json", *EMPTY)


def remove_stillborn_runs(record: Record) -> list[str]:
    """Remove runs that were killed while their folders were made, and return a line about everything else that is no run.

    Raises:
        RequestError: a run of this sweep has checkpoints, and its summary.json is lost: its owner decides.
    """
    if any(is_locked(record.note(point)) for point in record.points):
        return []
    told, runs = [], record.runs()
    for place in sorted(record.folder.iterdir()):
        if place.name.startswith(".") or not place.is_dir() or (place / "summary.json").exists():
            continue
        if is_stillborn(place, record.points):
            remove((place / name for name in BEFORE_TRAINING), place)
        elif any((place / "checkpoints").glob("*")) and is_only_run_of_a_point(
            record.points, place, runs
        ):
            what = (
                """has checkpoints, but no summary.json; put '{"status": "interrupted"}' there to resume the run, """
                "or move its folder away to start its point anew"
            )
            raise RequestError(Problem(str(place), what))
        else:
            told.append(f"{place.name} is no run of this sweep; it is left as it is")
    return told


def is_only_run_of_a_point(
    points: Iterable[Point], place: Path, runs: dict[tuple[str, ...], Path]
) -> bool:
    """Tell whether a folder is the only run of a point."""
    overrides = overrides_of(place)
    return overrides not in runs and any(point.overrides == overrides for point in points)


def is_stillborn(place: Path, points: Iterable[Point]) -> bool:
    """Tell whether a folder is a run of this sweep that was killed before it was whole.

    Its overrides or its configuration say so, and they are written early: a folder without either
    may be anybody's, and is left.
    """
    found = {entry.name: entry for entry in place.iterdir()}
    if not RUN.fullmatch(place.name) or not set(found) <= set(BEFORE_TRAINING):
        return False
    if "overrides.yaml" in found:
        is_ours = any(point.overrides == overrides_of(place) for point in points)
    else:
        config = config_of(place)
        is_ours = config is not None and any(point.config == config for point in points)
    if not is_ours:
        return False
    return all(is_empty(found[name]) for name in EMPTY if name in found)


def config_of(run: Path) -> Any:
    """Read the configuration of a run; None where there is none that can be read."""
    try:
        return load_plain(read_text(run / "config.yaml"))
    except (OSError, ValueError, RecursionError):
        return None


def is_empty(path: Path) -> bool:
    """Tell whether a folder or a file has nothing in it."""
    return not any(path.iterdir()) if path.is_dir() else path.stat().st_size == 0


def remove_record(record: Record) -> None:
    """Remove the files of a sweep whose folder this process has made, and its folders as far as they are empty then."""
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


def remove_empty(folder: Path, standing: Path) -> None:
    """Remove empty folders upwards, up to the one that stood before."""
    for place in (folder, *folder.parents):
        if place == standing or (place.exists() and any(place.iterdir())):
            return
        if place.exists():
            place.rmdir()
