"""What many networks in one program cost: an epoch of a run, with one network and with several replicas, in turns."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarking.epochs import opened
from benchmarking.measure import fastest

COUNTS = (1, 8, 64)


def measure_replicas(name: str, seconds: float) -> dict[str, Any]:
    """Return the seconds of an epoch of a shipped experiment, compiled before, by the number of replicas."""
    with TemporaryDirectory() as place:
        runs = {
            str(n): opened([f"+experiment={name}", f"runner.replicas={n}"], Path(place))
            for n in COUNTS
        }
        took = fastest({n: lambda run=run: list(run.chunks()) for n, run in runs.items()}, seconds)
        batches = runs["1"].progress.per_epoch
    return {"case": name, "batches": batches, "seconds": took}
