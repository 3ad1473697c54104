"""The page of one run: its result, curves, network, configuration, environment, checkpoints."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from darnax.files import is_file, open_regular
from darnax.printing import format_duration, printable_lines
from darnax.reports import run_charts, text
from darnax.reports.configuration import Flat, short_names
from darnax.reports.diff import differences, environment
from darnax.reports.page_content import choose_colour, make_link
from darnax.reports.record import number
from darnax.reports.runs import Run
from darnax.scores import is_score

MOST_SETTINGS = 2000  # lines of a table
MOST_FILES = 500  # checkpoints
LONGEST = 2000  # characters of one value
TAIL = 4000  # bytes of the log
SUFFIX = ".safetensors"
MEGABYTE = 1e6
PAGES = ("analysis.html", "confusion.html", "confusion.svg", "train.log")
# What a reader asks first, of the flat environment.json.
ENVIRONMENT = {
    "command": "command",
    "git.commit": "commit",
    "git.dirty": "uncommitted changes",
    "device.kind": "device",
    "device.count": "devices",
    "platform": "platform",
}


@dataclass(frozen=True)
class Background:
    """What is known of a run from its configuration alone.

    `wiring` is the SVG of its network, or empty: then `wiring_note` has the reason. `defaults` are
    the flat configuration of the experiment `name` without the overrides of the run; empty if
    unknown.
    """

    wiring: str = ""
    wiring_note: str = ""
    name: str = ""
    defaults: Flat | None = None


def collect(run: Run, folder: Path, background: Background) -> dict[str, Any]:
    """Return the content of the page of a run in `folder` as JSON values."""
    record = run.digest()
    charts, left_out = run_charts.collect(record)
    known, more = list_environment(environment(run))
    return {
        "title": f"{run.experiment} {describe_overrides(run)}".strip(),
        "name": run.path.resolve().name,
        "link": make_link(run, folder),
        "made": f"{datetime.now():%Y-%m-%d %H:%M:%S}",
        "status": run.status,
        "notes": list_notes(run),
        "left_out": left_out,
        "facts": list_facts(run, record.points),
        "charts": charts,
        "colour": choose_colour(run.config),
        "wiring": background.wiring,
        "wiring_note": background.wiring_note,
        "baseline": background.name,
        "differences": list_differences(run, background.defaults),
        "config": [[key, as_text(value)] for key, value in run.config.items()][:MOST_SETTINGS],
        "environment": known,
        "more_environment": more,
        "time": list_times(run),
        "checkpoints": list_checkpoints(run),
        "files": [name for name in PAGES if is_file(run.path / name)],
        "log": read_tail(run.path / "train.log"),
    }


def describe_overrides(run: Run) -> str:
    """Return the values that the command line changed, in few words."""
    keys = [key for key in run.config if key in run.overridden_keys and key != "name"]
    keys = [key for key in keys if not key.startswith(("tracking", "paths"))]
    shortened = short_names(keys, run.config)
    words = text.pairs([shortened[key] for key in keys], [run.config[key] for key in keys])
    return words if len(words) <= 120 else f"{words[:119]}…"


def list_notes(run: Run) -> list[str]:
    """Return what is wrong with the run, one sentence each."""
    found = [run.damage, run.summary.get("reason"), run.summary.get("warning")]
    return [printable_lines(note)[:LONGEST] for note in found if note]


def list_facts(run: Run, points: Mapping[str, Any]) -> list[list[str]]:
    """Return the numbers that the page begins with: name, value, explanation."""
    facts = []
    best = run.summary.get("best", {})
    names = [*run.summary.get("metrics", {}), *points]
    for name in dict.fromkeys(filter(is_score, names)):
        if name.endswith("_sd"):
            continue
        value = run.value(name)
        spread = number(run.summary.get("metrics", {}).get(f"{name}_sd"))
        written = text.spread(name, value, spread)
        highest = text.metric(name, number(best.get(name)))
        facts.append([name, written, f"best {highest}" if highest else "last value"])
    order = {"test": 0, "eval": 1, "train": 2}
    facts.sort(key=lambda fact: order.get(fact[0].partition("/")[0], 3))
    for name in ("epochs", "steps"):
        value = number(run.summary.get(name))
        if value == value:  # not nan
            facts.append([name, f"{value:,.6g}", ""])
    facts.append(["time", format_duration(run.seconds), ""])
    return [fact for fact in facts if fact[1]]


def list_differences(run: Run, defaults: Flat | None) -> list[list[str]] | None:
    """Return key, default and value of every setting that differs; None if that is unknown."""
    if defaults is None or not run.config:
        return None
    found = differences(defaults, run.config)[:MOST_SETTINGS]
    return [[key, as_text(default), as_text(here)] for key, default, here in found]


def list_environment(known: Flat) -> tuple[list[list[str]], list[list[str]]]:
    """Return the environment: what a reader asks first, and the rest; without nulls."""
    first = [[name, as_word(known[key])] for key, name in ENVIRONMENT.items() if key in known]
    rest: list[list[str]] = []
    for key, value in known.items():
        if value is None or key in ENVIRONMENT or key == "seed":
            continue
        lines = first if key.startswith("versions.") else rest
        lines.append([key.removeprefix("versions."), as_text(value)])
    return first[:MOST_SETTINGS], rest[:MOST_SETTINGS]


def list_times(run: Run) -> list[list[str]]:
    """Return when the run began, and how long its parts took."""
    lines = [["started", f"{run.when:%Y-%m-%d %H:%M:%S}"]]
    compiling = run.value("time/compile_seconds")
    seconds, epochs = run.seconds, number(run.summary.get("epochs"))
    speed = number(run.summary.get("images_per_second"))
    lines.append(["total", format_duration(seconds)])
    lines.append(["compiling", format_duration(compiling, precise=True)])
    if epochs > 0:
        rest = (seconds - (compiling if compiling == compiling else 0)) / epochs
        lines.append(["one epoch", format_duration(max(rest, 0), precise=True)])
    if speed == speed:
        lines.append(["speed", f"{speed:,.0f} images/s"])
    return [line for line in lines if line[1]]


def list_checkpoints(run: Run) -> list[list[str]]:
    """Return name, size and time of every checkpoint, the newest first."""
    found = []
    with suppress(OSError):
        for entry in os.scandir(run.path / "checkpoints"):
            if entry.is_file(follow_symlinks=False) and entry.name.endswith(SUFFIX):
                state = entry.stat(follow_symlinks=False)
                found.append((state.st_mtime, entry.name, state.st_size))
    lines = []
    for when, name, size in sorted(found, reverse=True)[:MOST_FILES]:
        with suppress(OSError, OverflowError, ValueError):
            written = f"{datetime.fromtimestamp(when):%m-%d %H:%M}"
            lines.append([as_text(name.removesuffix(SUFFIX)), f"{size / MEGABYTE:.2f} MB", written])
    return lines


def read_tail(file: Path) -> str:
    """Return the last lines of a text file; nothing if it cannot be read."""
    try:
        with open_regular(file) as opened:
            size = os.fstat(opened.fileno()).st_size
            opened.seek(max(size - TAIL, 0))
            content = opened.read(TAIL).decode(errors="replace")
    except OSError:
        return ""
    return printable_lines(re.sub(r"^.*?\n", "", content) if size > TAIL else content)


def as_word(value: Any) -> str:
    """Return a value of the environment as it is shown: yes or no for a boolean."""
    return ("no", "yes")[value] if isinstance(value, bool) else as_text(value)


def as_text(value: Any) -> str:
    """Return a value as it is shown, at most `LONGEST` characters."""
    written = text.leaf(value)
    return written if len(written) <= LONGEST else f"{written[: LONGEST - 1]}…"
