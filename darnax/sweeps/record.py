"""The record of a sweep, written before its first point starts; its folder suffices to resume it.

```
sweep.json         the command, and every point with its resolved configuration; written whole or
                   not at all. A folder may come from anywhere: what is read is validated, and no
                   link is followed when writing
.points/<identity> locked by the process that runs the point; an empty line for every start, and
                   a line with the reason for every failure
.stop              exists while the sweep is being stopped
study.journal      of a search: Optuna's study
<time>-<id>/       the runs; the one of a point has its overrides
```
"""

import json
import stat
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from darnax.bounded_yaml import load_plain
from darnax.errors import Problem, RequestError, first_line, writing_file
from darnax.files import open_inside, read_text
from darnax.sweeps.point import Objective, Point

NAME = "sweep.json"
OWN_FILES = (NAME, ".stop", ".search", "study.journal", ".study.journal.lock", ".points/*")
OWN_FOLDERS = (".points", ".submitit")
PATIENCE = 3.0  # seconds to wait for an exiting process to release its point


@dataclass
class Record:
    """The folder of a sweep and the content of its sweep.json.

    Args:
        folder: absolute path.
        overrides: those requested, and the launcher that a file has chosen.
        file: the path given with `--config`; `base` is the content of that file.
        directory: the working directory of the start.
        command: the command line as it was typed.
        points: all of them, or those that a search has drawn; none before they are composed.
        goal: what they are compared by.
    """

    folder: Path
    overrides: list[str]
    file: Path | None
    directory: Path
    command: list[str]
    points: list[Point] = field(default_factory=list)
    goal: Objective = field(default_factory=Objective)
    base: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, folder: Path) -> "Record":
        """Read the sweep in a folder; raise RequestError if it is missing or damaged."""
        from darnax.sweeps.schema import read_fields

        try:
            fields = read_fields(folder / NAME)
        except FileNotFoundError as error:
            what = f"not the folder of a sweep: it has no {NAME}; "
            what += "give outputs/<name>/sweeps/<time>-<id>"
            raise RequestError(Problem(str(folder), what)) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or first_line(error)
            what = f"cannot be read ({reason}); start a new sweep"
            raise RequestError(Problem(str(folder / NAME), what)) from error
        return cls(
            folder,
            fields.overrides,
            None if fields.file is None else Path(fields.file),
            Path(fields.directory),
            fields.command,
            fields.points,
            fields.goal,
            fields.base,
        )

    def write(self) -> None:
        """Write the record into the folder, which is made if it is missing."""
        from darnax.atomic import write_atomically

        content = {
            key: str(value) if isinstance(value, Path) else value
            for key, value in asdict(self).items()
        }
        del content["folder"]
        with writing_file(self.folder, "choose another paths.outputs"):
            (self.folder / ".points").mkdir(parents=True, exist_ok=True)
            write_atomically(self.folder / NAME, json.dumps(content))

    def require_own_files(self) -> None:
        """Raise RequestError if an entry of the folder is a link or not of the expected type.

        What is written through a link lands outside the folder, and a folder may come from
        anywhere.
        """
        try:
            entries = [*self.folder.iterdir(), *(self.folder / ".points").glob("*")]
            modes = {entry: entry.lstat().st_mode for entry in entries}
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            raise RequestError(Problem(str(self.folder), what)) from error
        for entry, mode in modes.items():
            name = entry.name if entry.parent == self.folder else ".points/*"
            what = ""
            if stat.S_ISLNK(mode):
                what = "is a link, expected a file or folder; put the file itself in its place"
            elif name in OWN_FILES and not stat.S_ISREG(mode):
                what = "is not a file, expected one that a sweep has made; move it away"
            elif name in OWN_FOLDERS and not stat.S_ISDIR(mode):
                what = "is not a folder, expected one that a sweep has made; move it away"
            if what:
                raise RequestError(Problem(str(entry), what))

    def point(self, overrides: Sequence[str]) -> Point:
        """Find a point by its overrides."""
        return next(point for point in self.points if point.overrides == tuple(overrides))

    def runs(self) -> dict[tuple[str, ...], Path]:
        """Find the run of every point that has one, without runs whose folder is incomplete."""
        found = {}
        for summary in sorted(self.folder.glob("*/summary.json")):
            if not summary.parent.is_symlink():
                found[overrides_of(summary.parent)] = summary.parent
        points = [point.overrides for point in self.points]
        return {overrides: found[overrides] for overrides in points if overrides in found}

    @property
    def outputs(self) -> Path:
        """The folder of all experiments: `<outputs>` in `<outputs>/<name>/sweeps/<time>-<id>`."""
        return self.folder.parents[min(2, len(self.folder.parents) - 1)]

    @property
    def stop(self) -> Path:
        """The file that makes every process of the sweep stop."""
        return self.folder / ".stop"

    def note(self, point: Point) -> Path:
        """The file that is locked while a point runs; it lists its starts and failures."""
        return self.folder / ".points" / point.identity


@cache
def overrides_of(run: Path) -> tuple[str, ...]:
    """Read the overrides of a run; none when they cannot be read."""
    try:
        overrides = load_plain(read_text(run / "overrides.yaml"))
    except (OSError, ValueError):
        return ()
    return tuple(map(str, overrides)) if isinstance(overrides, list) else ()


def read_notes(note: Path) -> list[str]:
    """Return the lines of a note: "" for a start, `failed: why` or `refused: why` for a failure."""
    try:
        return read_text(note).splitlines()
    except (OSError, ValueError):
        return []


def append_note(note: Path, line: str) -> None:
    """Note that a point was started, or why it failed."""
    with open_inside(note.parents[1], f".points/{note.name}", append=True) as file:
        file.write(f"{line}\n".encode())
