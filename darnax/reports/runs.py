"""A run as its folder tells it, and how runs are found; what is damaged or unfinished is a run like any other."""

import math
import os
import re
import time
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from darnax.errors import Problem, RequestError, first_line
from darnax.files import is_strange, read_bytes, read_text
from darnax.locks import is_locked_here, is_signed_elsewhere
from darnax.reports import configuration
from darnax.reports.configuration import Flat
from darnax.reports.record import Entry, last_logged, number, rows
from darnax.reports.summary import read_summary

SIGNS = {
    "config.yaml",
    "summary.json",
    "metrics.jsonl",
    "checkpoints",
}  # one of them makes a folder that of a run
LOCK = ".lock"  # held by the process that trains the run
REPLICAS = 100_000  # of a run; each has a seed
DEEPEST = 50  # folders in folders, below a place where runs are looked for
OUTPUTS = Path("outputs")  # where a run or a sweep that is named by its id alone is looked for


@dataclass(frozen=True, eq=False)
class Run:
    """The folder of a run: `status` is running, finished, pruned, interrupted or failed, or damaged, and `damage` says why.

    A run that is said to be running while no process holds its lock was killed: it is interrupted.
    """

    path: Path
    status: str
    summary: Mapping[str, Any] = field(default_factory=dict)
    config: Flat = field(default_factory=dict)
    damage: str = ""

    @property
    def experiment(self) -> str:
        """The name of the experiment."""
        place = self.path.parent
        return str(
            self.config.get(
                "name", place.parents[1].name if place.parent.name == "sweeps" else place.name
            )
        )

    @property
    def when(self) -> datetime:
        """When the run began: its folder is named after that."""
        try:
            return datetime.strptime(self.path.name[:19], "%Y-%m-%d_%H-%M-%S")
        except ValueError:
            try:
                return datetime.fromtimestamp(self.path.stat().st_mtime)
            except (OSError, OverflowError, ValueError):  # of a year that Python does not know
                return datetime.fromtimestamp(0)

    @property
    def seconds(self) -> float:
        """How long it trained; nan where that is not known yet."""
        return number(self.summary.get("wall_seconds"))

    @property
    def silence(self) -> float:
        """Seconds since anything was written."""
        written = [self.path / name for name in ("metrics.jsonl", "summary.json")]
        return time.time() - max(
            (file.stat().st_mtime for file in written if file.exists()),
            default=self.path.stat().st_mtime,
        )

    @property
    def overridden_keys(self) -> set[str]:
        """The keys that the command line changed."""
        try:
            text = read_bytes(self.path / "overrides.yaml").decode(errors="replace")
        except OSError:
            return set()
        return {
            word.lstrip("+~") for word in re.findall(r"^- ['\"]?([^=\s]+)=", text, re.MULTILINE)
        } - {""}

    @property
    def seeds(self) -> Sequence[Hashable]:
        """The seeds it trained with, one for each replica."""
        first, replicas = self.config.get("seed"), self.config.get("runner.replicas")
        if isinstance(first, int) and isinstance(replicas, int) and replicas <= REPLICAS:
            return range(first, first + replicas)
        return (first,)

    def rows(self, metric: str = "") -> Iterator[Entry]:
        """Read what it has logged; with `metric`, only the rows that have it."""
        return rows(self.path / "metrics.jsonl", metric)

    def value(self, metric: str) -> float:
        """Return the last value of a metric; nan where there is none."""
        last = number(self.summary.get("metrics", {}).get(metric))
        begun = (
            self.summary.get("status") == "running"
        )  # and under way, or killed: no summary was written at its end
        return (
            last_logged(self.path / "metrics.jsonl", metric) if begun and math.isnan(last) else last
        )


def find(places: Iterable[Path]) -> list[Run]:
    """Return all runs in and below the folders, newest first.

    A place may also be the name or the id of a run or of a sweep in `outputs`.

    Raises:
        RequestError: a place does not exist, or no run is there.
    """
    found: dict[str, Path] = {}
    for place in places:
        is_folder = os.path.isdir(place)  # noqa: PTH112  # False, and no exception, for what no path can be
        there = {
            os.path.realpath(path): path
            for path in folders(place if is_folder else find_by_name(str(place)))
        }
        if not there:
            raise RequestError(
                Problem(
                    str(place), "there is no run in it; `darnax train +experiment=<name>` makes one"
                )
            )
        found = there | found
    return sorted(
        map(read, found.values()), key=lambda run: (run.when, run.path.name), reverse=True
    )


def find_by_name(name: str) -> Path:
    """Return the folder in `outputs` that is called `name`, or whose id it is."""
    known = {folder for run in folders(OUTPUTS) for folder in (run, run.parent)}
    found = [folder for folder in known if folder.name == name or folder.name.endswith(f"-{name}")]
    if len(found) == 1:
        return found[0]
    what = (
        f"may be any of {', '.join(sorted(map(str, found)))}"
        if found
        else "there is no such folder"
    )
    raise RequestError(
        Problem(name, f"{what}; give the folder of a run, of a sweep, or of many, or the id of one")
    )


def folders(place: Path, depth: int = 0) -> Iterator[Path]:
    """Yield the innermost folders that hold a file of a run."""
    try:
        entries = list(os.scandir(place))
    except OSError:
        return
    inner = [
        e.path
        for e in entries
        if e.is_dir(follow_symlinks=False) and e.name != "checkpoints" and e.name[0] != "."
    ]
    runs = (
        [run for path in inner for run in folders(Path(path), depth + 1)] if depth < DEEPEST else []
    )
    if not runs and SIGNS.intersection(entry.name for entry in entries):
        runs = [place if place.name.strip(".") else place.resolve()]
    yield from runs


def read(path: Path) -> Run:
    """Read the folder of a run, whatever state it is in."""
    told: dict[str, Any] = {}
    config: Flat = {}
    damage: list[str] = []
    try:
        told = read_summary(path / "summary.json")
    except (OSError, ValueError, RecursionError) as error:
        damage.append(f"summary.json {describe_error(error)}")
    try:
        config = configuration.parse(read_text(path / "config.yaml"))
    except (OSError, ValueError, RecursionError) as error:
        damage.append(f"config.yaml {describe_error(error)}")
    if is_strange(path / "metrics.jsonl"):
        damage.append("metrics.jsonl cannot be read (is not a regular file)")
    status = "damaged" if damage else current_status(path, told["status"])
    return Run(path, status, told, config, ", ".join(damage))


def current_status(path: Path, status: str) -> str:
    """Return the status of a run: one that its summary calls running is so as long as a process holds its lock.

    Where the lock cannot be asked (there is none, or it was last held on another machine), it is taken to be running.
    """
    lock = path / LOCK
    killed = status == "running" and is_locked_here(lock) is False and not is_signed_elsewhere(lock)
    return "interrupted" if killed else status


def describe_error(error: Exception) -> str:
    """Say in a few words why a file cannot be read."""
    if isinstance(error, FileNotFoundError):
        return "is missing"
    return f"cannot be read ({getattr(error, 'strerror', None) or first_line(error)})"
