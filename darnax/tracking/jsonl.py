"""metrics.jsonl, the record of a run: one JSON object per logged step, there as soon as it is logged."""

import json
import operator
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from darnax.atomic import write_atomically
from darnax.files import RECORD, open_inside, read_bytes
from darnax.tracking.interface import Tracker
from darnax.tracking.strict_json import encode


class Jsonl(Tracker):
    """Appends `{"step": …, "epoch": …, "<metric>": …}` lines to `path`, each flushed, so that a kill loses at most one line.

    A file that is there already is continued: a torn last line is dropped, and so is, with `keep_until`, every row of a
    later step, which the resumed run will write again. NaN and infinities are written as null. `told` is the last step that
    the file ever had, −1 where there was none; before rows are dropped it is written down beside the file.
    """

    def __init__(self, path: Path, keep_until: int | None = None) -> None:
        mark = path.with_suffix(".told")
        found = list(_rows(path))
        kept = [line for step, line in found if keep_until is None or step <= keep_until]
        self.last_reported = max([step for step, _ in (*found, *_rows(mark))], default=-1)
        if len(kept) < len(found):
            write_atomically(mark, encode({"step": self.last_reported}))
        if path.exists():
            write_atomically(path, "".join(kept))
        self.file = TextIOWrapper(open_inside(path.parent, path.name, append=True), "utf-8")

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Append one row."""
        self.file.write(encode({"step": step, "epoch": epoch, **metrics}) + "\n")
        self.file.flush()

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Close the file; the summary has a file of its own."""
        self.file.close()


def _rows(path: Path) -> Iterator[tuple[int, str]]:
    if not path.exists():
        return
    for line in read_bytes(path, RECORD).decode(errors="replace").split("\n"):
        try:
            yield operator.index(json.loads(line)["step"]), line + "\n"
        except (ValueError, KeyError, TypeError, RecursionError):  # torn, or no row of a run
            continue
