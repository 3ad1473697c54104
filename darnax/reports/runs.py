"""Read a run from its folder, and find runs; damaged and unfinished runs are read like others."""

import math
import os
import re
import time
from collections.abc import Callable, Container, Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from darnax.errors import RequestError, first_line
from darnax.files import is_strange, read_bytes, read_text
from darnax.locks import is_locked_here, is_signed_elsewhere
from darnax.printing import printable
from darnax.reports import configuration
from darnax.reports.configuration import Flat
from darnax.reports.digest import Digest
from darnax.reports.record import Entry, last_logged, number, rows
from darnax.reports.records import read_digest
from darnax.reports.sections import cached_sections
from darnax.reports.summary import read_summary

# A folder with at least one of these is that of a run.
SIGNS = {"config.yaml", "summary.json", "metrics.jsonl", "checkpoints"}
# The name of a run begins with the time at which it began.
STARTED = re.compile(r"(\d{4}-\d\d-\d\d)_(\d\d)-(\d\d)-(\d\d)", re.ASCII)
LOCK = ".lock"  # locked by the process that trains the run
MOST_REPLICAS = 100_000  # of a run; each has a seed
DEEPEST = 50  # levels of folders in which runs are searched for
OUTPUTS = Path("outputs")  # where a run or a sweep is searched for by its id


@dataclass(frozen=True, eq=False)
class Run:
    """The folder of a run.

    `status` is running, finished, pruned, interrupted, failed, or damaged, in which case `damage`
    gives the reason. A run whose summary says running while no process holds its lock was killed:
    it counts as interrupted.
    """

    path: Path
    status: str
    summary: Mapping[str, Any] = field(default_factory=dict)
    config: Flat = field(default_factory=dict)
    damage: str = ""

    @cached_property
    def experiment(self) -> str:
        """The name of the experiment: that in the configuration, or else that of a folder."""
        if "name" in self.config:
            return str(self.config["name"])
        parent = self.path.parent  # outputs/<experiment>, or outputs/<experiment>/sweeps/<sweep>
        folder = parent.parents[1] if parent.parent.name == "sweeps" else parent
        return folder.name

    @cached_property
    def when(self) -> datetime:
        """The time at which the run began: its folder is named after it."""
        named = STARTED.match(self.path.name)
        if named is not None:
            with suppress(ValueError):
                return datetime.fromisoformat("{} {}:{}:{}".format(*named.groups()))
        try:
            return datetime.fromtimestamp(self.path.stat().st_mtime)
        except (OSError, OverflowError, ValueError):  # a year beyond the range of datetime
            return datetime.fromtimestamp(0)

    @property
    def order(self) -> tuple[datetime, int, str]:
        """What runs are sorted by: when they began, of one second by their first file."""
        try:
            written = (self.path / "config.yaml").stat().st_mtime_ns
        except OSError:
            written = 0
        return self.when, written, self.path.name

    @property
    def seconds(self) -> float:
        """Duration of training; nan where it is not known yet."""
        return number(self.summary.get("wall_seconds"))

    @property
    def silence(self) -> float:
        """Seconds since anything was written."""
        files = [self.path / name for name in ("metrics.jsonl", "summary.json")]
        times = [file.stat().st_mtime for file in files if file.exists()]
        return time.time() - max(times, default=self.path.stat().st_mtime)

    @cached_property
    def overridden_keys(self) -> set[str]:
        """The keys that the command line changed."""
        try:
            text = read_bytes(f"{self.path}/overrides.yaml").decode(errors="replace")
        except OSError:
            return set()
        # Read by pattern, not as YAML: a damaged file still gives the keys that can be read.
        keys = re.findall(r"^- ['\"]?([^=\s]+)=", text, re.MULTILINE)
        return {key.lstrip("+~") for key in keys} - {""}

    @property
    def seeds(self) -> Sequence[Hashable]:
        """The seeds that it trained with, one for each replica."""
        first, replicas = self.config.get("seed"), self.config.get("runner.replicas")
        if isinstance(first, int) and isinstance(replicas, int) and replicas <= MOST_REPLICAS:
            return range(first, first + replicas)
        return (first,)

    def rows(self, metric: str = "") -> Iterator[Entry]:
        """Read the logged rows; with `metric`, only those that have it."""
        return rows(self.path / "metrics.jsonl", metric)

    def digest(self, wanted: Container[str] | None = None) -> Digest:
        """Read all logged rows once, and return what reports show of them, or of some metrics."""
        return read_digest(self.path / "metrics.jsonl", wanted)

    def value(self, metric: str) -> float:
        """Return the last value of a metric; nan where there is none."""
        last = number(self.summary.get("metrics", {}).get(metric))
        if math.isnan(last) and self.summary.get("status") == "running":
            # In progress, or killed: the summary gets its metrics only at the end of the run.
            return last_logged(self.path / "metrics.jsonl", metric)
        return last


def find(paths: Sequence[Path]) -> list[Run]:
    """Return all runs in and below the folders, newest first.

    Instead of a path, the name or the id of a run or of a sweep in `outputs` is accepted.

    Raises:
        RequestError: a folder does not exist, or contains no run.
    """
    found: dict[str, Path] = {}
    for path in paths:
        # Path.is_dir would raise for a string that cannot be a path; os.path.isdir returns False.
        is_folder = os.path.isdir(path)  # noqa: PTH112
        folder = path if is_folder else find_by_name(str(path))
        inside = by_real_path(folder)
        if not inside:
            what = "there is no run in it; `darnax train +experiment=<name>` makes one"
            raise RequestError(f"{printable(str(path))}: {what}")
        found = inside | found
    with cached_sections(paths) as sections:
        runs = [read(path, sections.parse) for path in found.values()]
    return sorted(runs, key=lambda run: run.order, reverse=True)


def by_real_path(place: Path) -> dict[str, Path]:
    """Return the folders of the runs below `place` by their paths without links."""
    found = {}
    parents: dict[str, str] = {}  # without links; only `place` itself may be one
    for run in folders(place):
        parent, name = os.path.split(run)
        if run == place:
            found[os.path.realpath(run)] = run
            continue
        if parent not in parents:
            parents[parent] = os.path.realpath(parent)
        found[os.path.join(parents[parent], name)] = run  # noqa: PTH118
    return found


def find_by_name(name: str) -> Path:
    """Return the folder in `outputs` that is called `name`, or whose id it is."""
    known = {folder for run in folders(OUTPUTS) for folder in (run, run.parent)}
    known.update(OUTPUTS.glob("*/sweeps/*"))  # a sweep may have no run yet
    found = [folder for folder in known if folder.name == name or folder.name.endswith(f"-{name}")]
    if len(found) == 1:
        return found[0]
    what = "there is no such folder"
    if found:
        what = f"may be any of {', '.join(sorted(map(str, found)))}"
    advice = "give the folder of a run, of a sweep, or of many, or the id of one"
    raise RequestError(f"{printable(name)}: {what}; {advice}")


def folders(place: Path, depth: int = 0) -> Iterator[Path]:
    """Yield the innermost folders below `place` that contain a file of a run."""
    try:
        entries = list(os.scandir(place))
    except OSError:
        return
    runs: list[Path] = []
    for entry in entries if depth < DEEPEST else ():
        is_skipped = entry.name == "checkpoints" or entry.name.startswith(".")
        if entry.is_dir(follow_symlinks=False) and not is_skipped:
            runs += folders(Path(entry.path), depth + 1)
    if not runs and SIGNS.intersection(entry.name for entry in entries):
        # A run is listed under the name of its folder, which `.` and `..` do not show.
        runs = [place if place.name.strip(".") else place.resolve()]
    yield from runs


def read(path: Path, parse_section: Callable[[str], Flat] = configuration.parse_section) -> Run:
    """Read the folder of a run, complete or not."""
    folder = os.fspath(path)  # joined as texts, which for many runs is far faster than as paths
    summary: dict[str, Any] = {}
    config: Flat = {}
    damage: list[str] = []
    try:
        summary = read_summary(f"{folder}/summary.json")
    except (OSError, ValueError, RecursionError) as error:
        damage.append(f"summary.json {describe_error(error)}")
    try:
        config = configuration.parse(read_text(f"{folder}/config.yaml"), parse_section)
    except (OSError, ValueError, RecursionError) as error:
        damage.append(f"config.yaml {describe_error(error)}")
    if is_strange(f"{folder}/metrics.jsonl"):
        damage.append("metrics.jsonl cannot be read (is not a regular file)")
    status = "damaged" if damage else current_status(path, summary["status"])
    return Run(path, status, summary, config, ", ".join(damage))


def current_status(path: Path, status: str) -> str:
    """Return the status of a run: interrupted if it should be running but no process locks it.

    Where the lock cannot be tested (there is none, or it was last locked on another machine), the
    run counts as running.
    """
    if status != "running":
        return status
    lock = path / LOCK
    killed = is_locked_here(lock) is False and not is_signed_elsewhere(lock)
    return "interrupted" if killed else status


def describe_error(error: Exception) -> str:
    """Return in a few words why a file cannot be read."""
    if isinstance(error, FileNotFoundError):
        return "is missing"
    return f"cannot be read ({getattr(error, 'strerror', None) or first_line(error)})"
