"""Shows the progress of a run: a bar on a terminal, one line per epoch elsewhere."""

import atexit
import math
import os
import sys
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console as Screen
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from darnax.printing import count_of, format_duration, printable
from darnax.scores import AT_CHANCE, SPREAD, format_score, format_spread, label_score, parse_score
from darnax.tracking.interface import Tracker

RATE = "time/images_per_second"
COMPILED = "time/compile_seconds"
MOST_LINES = 100  # for the ends of epochs
COLOURS = {"finished": "green", "interrupted": "yellow", "failed": "red"}


class Console(Tracker):
    """Shows a run that goes from `start_step` to `total_steps` in `epochs` epochs.

    Every metric `<set>/accuracy` is shown under the name of its set, as a percentage; another score
    with its own name, and the metrics that `show` names, as numbers. A line stays whenever an epoch
    ends (of more than a hundred epochs, every so many) or a set other than train was evaluated:

        epoch  3/20  step 11250/75000  train 93.12%  eval 94.38%  12345 images/s

    The first line names the device. Until the first `log` it says "compiling…". Where the output
    is no terminal there are such lines only, and no colours.
    """

    def __init__(
        self,
        total_steps: int,
        start_step: int = 0,
        *,
        epochs: float,
        name: str = "run",
        folder: Path | None = None,
        show: Collection[str] = (),
        device: str = "",
        stream: TextIO | None = None,
    ) -> None:
        self.total_steps, self.epochs, self.name, self.folder = total_steps, epochs, name, folder
        stream = sys.stdout if stream is None else stream
        terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
        self.screen = Screen(file=stream, force_terminal=terminal, highlight=False)
        self.clock = _Clock(total_steps)
        self.show = tuple(show)
        self.shown: dict[str, str] = {}  # label -> its latest value
        self.epochs_a_line = max(1, math.ceil(epochs / MOST_LINES))
        self.lines = self._count_lines(epochs * start_step / max(total_steps, 1))
        self.bar = _make_bar(self.screen, start_step) if terminal else None
        if device:
            self._print(f"device {device}")
        if self.bar is None:
            self._print("compiling…")

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Move the bar, and leave a line where an epoch ended or a set was evaluated."""
        if COMPILED in metrics:
            self._print(f"compiled in {format_duration(float(metrics[COMPILED]), precise=True)}")
            return
        scores = _format_scores(metrics)
        new = scores | format_selected(metrics, self.show)
        self.shown |= new
        # Numbers are padded to the width of the largest, so that lines are aligned.
        epochs, steps = f"{self.epochs:g}", f"{self.total_steps}"
        current = f"{round(epoch, 2):g}"
        position = f"epoch {current:>{len(epochs)}}/{epochs}"
        rate = f"{float(metrics[RATE]):.0f} images/s" if RATE in metrics else ""
        if self.bar is not None:
            parts = (*_format_pairs(self.shown), rate, self.clock.time_left(step))
            self.bar.update(
                self.bar.task_ids[0],
                description=position,
                completed=step,
                total=self.total_steps,
                numbers="  ".join(filter(None, parts)),
            )
        epoch_has_ended = self._count_lines(epoch) > self.lines
        was_evaluated = bool(scores.keys() - {"train"})
        if epoch_has_ended or was_evaluated:
            line = [position, f"step {step:>{len(steps)}}/{steps}", *_format_pairs(new)]
            width = cell_len("  ".join([*line, rate]))
            if self.bar is None or width <= self.screen.width:  # else it would be wrapped
                line.append(rate)
            self._print(*line)
        self.lines = self._count_lines(epoch)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Remove the bar and show the results."""
        if self.bar is None:
            self._print(f"{summary['status']} {self.name}", *_format_costs(summary))
            for line in _list_warnings(summary):
                self._print(line)
            for row in _list_results(summary):
                self._print(*_format_result(*row))
            if self.folder is not None:
                self._print(f"folder {self.folder}")
        else:
            self.bar.stop()
            self.screen.print(_make_panel(self.name, summary, self.folder))

    def _count_lines(self, epoch: float) -> int:
        """Return the number of lines that are due until this epoch."""
        return int(epoch) // self.epochs_a_line

    def _print(self, *parts: str) -> None:
        self.screen.print(Text(printable("  ".join(filter(None, parts)))), soft_wrap=True)


class _Clock:
    """Estimates the remaining time from the speed since the first step, after compilation."""

    def __init__(self, total_steps: int) -> None:
        self.total_steps = total_steps
        self.first: tuple[int, float] | None = None

    def time_left(self, step: int) -> str:
        now = time.monotonic()
        if self.first is None:
            self.first = (step, now)
        first_step, began = self.first
        done = step - first_step
        if done <= 0:
            return ""
        seconds = (self.total_steps - step) * (now - began) / done
        return f"{format_duration(seconds, precise=True)} left"


def _make_bar(screen: Screen, start_step: int) -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(24),
        TextColumn("{task.fields[numbers]}"),
    )
    bar = Progress(*columns, console=screen, transient=True)
    bar.add_task("compiling…", total=None, completed=start_step, numbers="")
    bar.start()
    atexit.register(bar.stop)  # the bar hides the cursor, which has to come back after a crash
    return bar


def _format_scores(metrics: Mapping[str, Any]) -> dict[str, str]:
    """Return set -> its score as text, with the standard deviation if there are replicas."""
    found = {}
    for metric in metrics:
        score = parse_score(metric)
        if score is None:
            continue
        mean, deviation = float(metrics[metric]), metrics.get(f"{metric}{SPREAD}")
        if deviation is None:
            text = format_score(score.name, mean)
        else:
            text = format_spread(score.name, mean, float(deviation))
        if metrics.get(f"{score.set}/{AT_CHANCE}"):
            text += ", at chance"
        found[score.set] = label_score(score, text).removeprefix(f"{score.set} ")
    return found


def format_selected(metrics: Mapping[str, float], names: Collection[str]) -> dict[str, str]:
    """Return name -> formatted value for those of `names` that are among the metrics."""
    return {name: f"{float(metrics[name]):.4g}" for name in names if name in metrics}


def _format_pairs(values: Mapping[str, str]) -> list[str]:
    return [f"{name} {value}" for name, value in values.items()]


def _list_results(summary: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (set, best, last) for every score in the summary."""
    last, best = (
        _format_scores(summary.get("metrics") or {}),
        _format_scores(summary.get("best") or {}),
    )
    sets = sorted(last | best, key=lambda name: name == "train")  # train comes last
    return [(name, best.get(name, ""), last.get(name, "")) for name in sets]


def _format_result(name: str, best: str, last: str) -> list[str]:
    """Return best and last score of a set as text; without a best one only the last."""
    if not best:
        return [f"{name} {last}"]
    return [f"{name} best {best}", f"last {last}" if last else ""]


def _list_warnings(summary: Mapping[str, Any]) -> list[str]:
    """Return the reason of a failure and the warning of the summary, if there are any."""
    present = [name for name in ("reason", "warning") if summary.get(name)]
    return [printable(f"{name}: {summary[name]}") for name in present]


def _format_costs(summary: Mapping[str, Any]) -> list[str]:
    """Return epochs, steps, wall time and speed as text, as far as they are in the summary."""
    forms: dict[str, Callable[[float], str]] = {
        "epochs": lambda value: count_of(float(round(value, 2)), "epoch"),
        "steps": lambda value: count_of(round(value), "step"),
        "wall_seconds": partial(format_duration, precise=True),
        "images_per_second": lambda value: f"mean {value:.0f} images/s",
    }
    return [form(summary[name]) for name, form in forms.items() if summary.get(name) is not None]


def _make_panel(name: str, summary: Mapping[str, Any], folder: Path | None) -> Panel:
    status, colour = summary["status"], COLOURS.get(summary["status"], "white")
    table = Table.grid(padding=(0, 3))
    for _ in range(3):
        table.add_column(justify="right")
    table.add_row("", Text("best", "dim"), Text("last", "dim"))
    for row in _list_results(summary):
        table.add_row(Text(printable(row[0])), Text(row[1], "bold"), row[2])
    whole = Table.grid()
    for line in _list_warnings(summary):
        whole.add_row(Text(line, "yellow", overflow="fold"))
    whole.add_row(table)
    whole.add_row(Text("  ·  ".join(_format_costs(summary)), "dim"))
    if folder is not None:
        whole.add_row(Text(printable(str(folder)), overflow="fold"))
    return Panel(
        whole,
        title=Text(printable(f"{name} {status}")),
        title_align="left",
        border_style=colour,
        expand=False,
        padding=(0, 1),
    )
