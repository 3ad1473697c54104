"""The metrics file of a run, metrics.jsonl: one JSON object per logged step."""

from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from darnax.atomic import write_atomically
from darnax.files import open_inside
from darnax.metrics_file import parse_row, read_lines
from darnax.tracking.interface import Tracker
from darnax.tracking.strict_json import encode


class Jsonl(Tracker):
    """Appends a line `{"step": …, "epoch": …, "<metric>": …}` to a file for every row.

    Each line is flushed, so that at most one is lost when the process is killed. NaN and infinities
    are written as null. An existing file is continued.

    Args:
        path: of the file. Incomplete lines in it are removed.
        keep_until: rows of later steps are removed, since the resumed run writes them again.

    Attributes:
        last_reported: the last step that the file ever had, removed rows included; −1 if none.
    """

    def __init__(self, path: Path, keep_until: int | None = None) -> None:
        # The last step is written down before rows are removed: the dashboards have them already,
        # and must not get them again from a run that is killed and resumed twice.
        mark = path.with_suffix(".last_reported")
        former = path.with_suffix(".told")  # the name in folders of former versions
        self.last_reported = -1
        for step, _ in _read_rows(mark if mark.exists() else former):
            self.last_reported = max(self.last_reported, step)
        removes = False
        for step, _ in _read_rows(path):
            self.last_reported = max(self.last_reported, step)
            removes = removes or (keep_until is not None and step > keep_until)
        if removes:
            write_atomically(mark, encode({"step": self.last_reported}))
        if path.exists():
            write_atomically(path, _read_lines_until(path, keep_until))
        self.file = TextIOWrapper(open_inside(path.parent, path.name, append=True), "utf-8")

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Append one row."""
        self.file.write(encode({"step": step, "epoch": epoch, **metrics}) + "\n")
        self.file.flush()

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Close the file; the summary has a file of its own."""
        self.file.close()


def _read_lines_until(path: Path, step: int | None) -> Iterator[bytes]:
    """Yield the lines of the rows up to a step; of all rows without one."""
    for found, line in _read_rows(path):
        if step is None or found <= step:
            yield line


def _read_rows(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the step and the line of every row, without those that are incomplete."""
    if not path.exists():
        return
    for line in read_lines(path):
        step = parse_row(line).get("step")
        if isinstance(step, int):
            yield step, line.decode(errors="replace").encode() + b"\n"
