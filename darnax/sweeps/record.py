"""What a sweep is asked to do, written down before its first point starts; its folder alone is enough to go on with it.

```
sweep.json         the command, and every point with its resolved configuration; written whole or not at all. A folder may
                   come from anywhere: what is read is validated, and no link is followed when writing
.points/<identity> locked while the point runs, by whatever process; an empty line whenever it was started, and one that
                   says why whenever it failed
.stop              there while the sweep is being stopped
study.journal      of a search: Optuna's study
<time>-<id>/       the runs; the one of a point has its overrides
```
"""

import hashlib
import json
import math
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from darnax.bounded_yaml import load_plain
from darnax.errors import Problem, RequestError, first_line, writing_file
from darnax.files import open_inside, read_text

NAME = "sweep.json"
ASIDE = ("paths", "tracking")  # where things lie and who is told changes no result
OWN_FILES = (NAME, ".stop", ".search", "study.journal", ".study.journal.lock", ".points/*")
OWN_FOLDERS = (".points", ".submitit")
PATIENCE = 3.0  # seconds for a process that is at its end to let go of its point


@dataclass(frozen=True)
class Point:
    """One configuration of a sweep; `refusal` says why there is none, `composed` is it with its references kept."""

    overrides: tuple[str, ...]
    config: Mapping[str, Any] | None
    refusal: str = ""
    composed: Mapping[str, Any] | None = None

    @property
    def content(self) -> dict[str, Any]:
        """What decides the results."""
        return {key: value for key, value in (self.config or {}).items() if key not in ASIDE}

    @cached_property
    def identity(self) -> str:
        """The same for the same content, on every machine; without a configuration, for the same overrides."""
        text = json.dumps(self.content or self.overrides, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


Here = Callable[[Point], Point]  # gives a point as it is on this machine


@dataclass(frozen=True)
class Objective:
    """What the points of a sweep are compared by, and what a search does with that.

    Args:
        metric: any name in metrics.jsonl.
        value: of the metric over a run.
        direction: in which it gets better.
        trials: how many points there will be; 0 for those that there are.
        pruner: how Optuna tells a run that is hopeless; None: all runs go to their end.
    """

    metric: str = "eval/accuracy"
    value: Literal["best", "last"] = "last"
    direction: Literal["maximize", "minimize"] = "maximize"
    trials: int = 0
    pruner: Mapping[str, Any] | None = None

    def better(self, values: Iterable[float]) -> float:
        """Return the best of some values; nan when there is none."""
        known = [value for value in values if not math.isnan(value)]
        return (max if self.direction == "maximize" else min)(known, default=math.nan)


@dataclass
class Record:
    """The folder of a sweep and what its sweep.json says.

    Args:
        folder: absolute.
        overrides: what was asked, and the launcher that a file has chosen.
        file: what was given with `--config`, and `base`, what was in it.
        directory: where it was asked.
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
    goal: Objective = Objective()
    base: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, folder: Path) -> "Record":
        """Return the sweep in a folder; a RequestError says what is missing or damaged when there is none."""
        from darnax.sweeps.schema import read_fields

        try:
            fields = read_fields(folder / NAME)
        except FileNotFoundError as error:
            what = f"not the folder of a sweep: it has no {NAME}; give outputs/<name>/sweeps/<time>-<id>"
            raise RequestError(Problem(str(folder), what)) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or first_line(error)
            raise RequestError(
                Problem(str(folder / NAME), f"cannot be read ({reason}); start a new sweep")
            ) from error
        return cls(
            folder,
            fields.overrides,
            None if fields.file is None else Path(fields.file),
            Path(fields.directory),
            fields.command,
            [
                Point(tuple(point.overrides), point.config, point.refusal, point.composed)
                for point in fields.points
            ],
            Objective(**dict(fields.goal)),
            fields.base,
        )

    def write(self) -> None:
        """Put the record into the folder, which is made where it is not there."""
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
        """Raise RequestError where something of the folder is a link, or no file where a file is due.

        What is written through a link lands outside of the folder, and a folder may come from anywhere.
        """
        try:
            entries = [*self.folder.iterdir(), *(self.folder / ".points").glob("*")]
            modes = {entry: entry.lstat().st_mode for entry in entries}
        except OSError as error:
            raise RequestError(
                Problem(str(self.folder), f"cannot be read ({error.strerror})")
            ) from error
        for entry, mode in modes.items():
            name = entry.name if entry.parent == self.folder else ".points/*"
            if stat.S_ISLNK(mode):
                what = "is a link; a sweep folder holds its files itself, put the file in its place"
                raise RequestError(Problem(str(entry), what))
            if (name in OWN_FILES and not stat.S_ISREG(mode)) or (
                name in OWN_FOLDERS and not stat.S_ISDIR(mode)
            ):
                what = f"is no {'folder' if name in OWN_FOLDERS else 'file'}, expected what a sweep has made; move it away"
                raise RequestError(Problem(str(entry), what))

    def point(self, overrides: Sequence[str]) -> Point:
        """Find a point by its overrides."""
        return next(point for point in self.points if point.overrides == tuple(overrides))

    def runs(self) -> dict[tuple[str, ...], Path]:
        """Find the run of every point that has one; a run that was killed while its folder was made is none."""
        runs = [
            path.parent
            for path in sorted(self.folder.glob("*/summary.json"))
            if not path.parent.is_symlink()
        ]
        found = {overrides_of(run): run for run in runs}
        return {
            point.overrides: found[point.overrides]
            for point in self.points
            if point.overrides in found
        }

    @property
    def outputs(self) -> Path:
        """The folder of all experiments that this sweep lies in: `<outputs>/<name>/sweeps/<time>-<id>`."""
        return self.folder.parents[min(2, len(self.folder.parents) - 1)]

    @property
    def stop(self) -> Path:
        """The file that asks every process of the sweep to stop."""
        return self.folder / ".stop"

    def note(self, point: Point) -> Path:
        """The file that is locked while a point runs, and says how often it was started and why it failed."""
        return self.folder / ".points" / point.identity


@cache
def overrides_of(run: Path) -> tuple[str, ...]:
    """Read the overrides of a run; none when they cannot be read."""
    try:
        words = load_plain(read_text(run / "overrides.yaml"))
    except (OSError, ValueError):
        return ()
    return tuple(map(str, words)) if isinstance(words, list) else ()


def read_notes(note: Path) -> list[str]:
    """Return what happened to a point: an empty line when it was started, `failed: why` or `refused: why` when it failed."""
    try:
        return read_text(note).splitlines()
    except (OSError, ValueError):
        return []


def append_note(note: Path, line: str) -> None:
    """Note that a point was started, or why it failed."""
    with open_inside(note.parents[1], f".points/{note.name}", append=True) as file:
        file.write(f"{line}\n".encode())
