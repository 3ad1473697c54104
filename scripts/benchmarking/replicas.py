"""Measures the cost of replicas: an epoch of one network and of several in one program."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarking.epochs import open_run
from benchmarking.measure import measure_fastest

COUNTS = (1, 8, 64)


def measure_replicas(name: str, seconds: float) -> dict[str, Any]:
    """Return number of replicas -> seconds of an epoch of an experiment, without compilation."""
    runs = {}
    with TemporaryDirectory() as folder:
        for count in COUNTS:
            overrides = [f"+experiment={name}", f"runner.replicas={count}"]
            runs[str(count)] = open_run(overrides, Path(folder))
        epochs = {count: lambda run=run: list(run.chunks()) for count, run in runs.items()}
        best = measure_fastest(epochs, seconds)
        batches = runs["1"].progress.per_epoch
    return {"case": name, "batches": batches, "seconds": best}
