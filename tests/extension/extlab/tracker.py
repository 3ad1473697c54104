"""A tracker that writes some of the metrics as a table, and trackers that fail."""

import csv
import json
import signal
from collections.abc import Mapping
from typing import Any, Literal

from darnax.tracking import TrackedRun, Tracker


class Table(Tracker):
    """Writes `columns` of every row to `<run>/<file>`, and the labels of the run beside it."""

    def __init__(self, run: TrackedRun, columns: list[str], file: str = "table.csv") -> None:
        self.columns = columns
        self.file = (run.folder / file).open("a", newline="")
        self.writer = csv.writer(self.file)
        labels = {
            "id": run.id,
            "name": run.name,
            "group": run.group,
            "tags": run.tags,
            "resumed": run.resumed,
            "seed": run.config["seed"],
            "outputs": str(run.outputs),
        }
        with (run.folder / "labels.jsonl").open("a") as file_of_labels:
            file_of_labels.write(json.dumps(labels) + "\n")

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        self.writer.writerow([step, *(metrics.get(name, "") for name in self.columns)])

    def finish(self, summary: Mapping[str, Any]) -> None:
        self.writer.writerow([summary["status"]])
        self.file.close()


class Broken(Tracker):
    """Raises in a chosen method, after clearing its argument."""

    def __init__(self, where: Literal["open", "log", "finish"]) -> None:
        self.where = where
        self.fail("open")

    def fail(self, where: str) -> None:
        if where == self.where:
            raise SystemExit(f"no disk at {where}")

    def log(self, metrics: Any, *, step: int, epoch: float) -> None:
        metrics.clear()
        self.fail("log")

    def finish(self, summary: Any) -> None:
        summary.clear()
        self.fail("finish")


class Stop(Tracker):
    """Sends the process SIGINT at a step, as Ctrl-C does."""

    def __init__(self, step: int) -> None:
        self.step = step

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        if step == self.step:
            signal.raise_signal(signal.SIGINT)

    def finish(self, summary: Mapping[str, Any]) -> None:
        pass
