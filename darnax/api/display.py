"""What the Python functions show: progress in a terminal or a notebook, nothing elsewhere."""

import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

from darnax.api.arguments import require_flag
from darnax.api.stages import terminal_stages
from darnax.laboratory.display import SILENT, Display, StageProgress
from darnax.scores import format_score, label_score, parse_score
from darnax.tracking import Tracker
from darnax.tracking.console import Console, format_selected


def choose_display(progress: bool | None) -> Display:
    """Return the display of a function; with None, progress in a terminal or a notebook alone."""
    if require_flag(progress, "progress") is False:
        return SILENT
    if in_notebook():
        return Display(data_progress=notebook_stages, console=NotebookProgress)
    if progress or sys.stdout.isatty():
        return Display(data_progress=terminal_stages, console=Console)
    return SILENT


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


class Line:
    """One line of a notebook's output, which can be replaced."""

    def __init__(self) -> None:
        from IPython import display

        self.ipython: Any = display
        self.handle = self.ipython.display(self.ipython.HTML(""), display_id=True)

    def show(self, text: str, done: float | None = None) -> None:
        """Replace the line by a text, after a progress bar if `done`, from 0 to 1, is given."""
        bar = "" if done is None else f"<progress value='{done:.4f}' max='1'></progress> "
        self.handle.update(self.ipython.HTML(f"<div>{bar}<code>{escape(text)}</code></div>"))


class NotebookProgress(Tracker):
    """Shows a run in a notebook; has the arguments of `darnax.tracking.console.Console`."""

    def __init__(
        self,
        total_steps: int,
        start_step: int = 0,
        *,
        epochs: float,
        name: str,
        folder: Path | None = None,
        show: Collection[str] = (),
        device: str = "",
    ) -> None:
        self.show = tuple(show)
        self.numbers: dict[str, str] = {}
        self.total_steps, self.epochs, self.name, self.folder = total_steps, epochs, name, folder
        self.scores: dict[str, float] = {}
        self.line = Line()
        self.done = start_step / max(total_steps, 1)  # from 0 to 1
        self.line.show("  ".join(filter(None, (name, device, "compiling…"))), self.done)

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Move the bar, and show the newest scores."""
        for name, value in metrics.items():
            if parse_score(name):
                self.scores[name] = float(value)
        self.numbers |= format_selected(metrics, self.show)
        epochs = f"epoch {epoch:.3g}/{self.epochs:g}"
        self.done = step / max(self.total_steps, 1)
        self.line.show(f"{self.name}  {epochs}  {self._format_scores()}", self.done)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Show how the run ended."""
        parts = (self.name, summary["status"], self._format_scores(), str(self.folder or ""))
        self.line.show("  ".join(parts), self.done)

    def _format_scores(self) -> str:
        parts = []
        for metric, value in self.scores.items():
            if score := parse_score(metric):
                parts.append(label_score(score, format_score(score.name, value)))
        parts += [f"{name} {text}" for name, text in self.numbers.items()]
        return "  ".join(parts)


@contextmanager
def notebook_stages() -> Iterator[StageProgress]:
    """Give a function `(stage, done, total)` that moves a bar for each stage of preparing data."""
    lines: dict[str, Line] = {}

    def move(stage: str, done: int, total: int) -> None:
        if stage not in lines:
            lines[stage] = Line()
        lines[stage].show(f"{stage} {done}/{total}", done / max(total, 1))

    yield move
