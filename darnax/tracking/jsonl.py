"""metrics.jsonl, the record of a run: one JSON object per logged step, there as soon as it is logged."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from darnax.atomic import write_atomically
from darnax.tracking.interface import Tracker
from darnax.tracking.strict_json import encode


class Jsonl(Tracker):
    """Appends `{"step": …, "epoch": …, "<metric>": …}` lines to `path`, each flushed, so that a kill loses at most one line.

    A file that is there already is continued: a torn last line is dropped, and so is, with `keep_until`, every row of a
    later step, which the resumed run will write again. NaN and infinities are written as null.
    """

    def __init__(self, path: Path, keep_until: int | None = None) -> None:
        if path.exists():
            write_atomically(path, "".join(_kept(path, keep_until)))
        self.file = path.open("a", encoding="utf-8")

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Append one row."""
        self.file.write(encode({"step": step, "epoch": epoch, **metrics}) + "\n")
        self.file.flush()

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Close the file; the summary has a file of its own."""
        self.file.close()


def _kept(path: Path, keep_until: int | None) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            if (step := json.loads(line)["step"] + 0) <= (step if keep_until is None else keep_until):
                yield line + "\n"
        except (ValueError, KeyError, TypeError, RecursionError):  # torn, or no row of a run
            continue
