"""What many networks in one program cost: some batches of a run, with one network and with several replicas, in turns."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarking.epochs import opened
from benchmarking.measure import fastest
from darnax.cli.hydra_adapter import compose

COUNTS, BATCHES = (1, 8, 64), 50


def measure_replicas(name: str, seconds: float) -> dict[str, Any]:
    """Return the seconds of so many batches of a shipped experiment, compiled before, by the number of replicas."""
    fixed = [f"+experiment={name}", f"runner.limit_batches={BATCHES}"]
    with TemporaryDirectory() as place:
        choices = {n: compose([*fixed, f"runner.replicas={n}"]) for n in COUNTS}
        runs = {str(n): opened(config, Path(place), 2.0) for n, config in choices.items()}
        took = fastest({n: lambda run=run: list(run.chunks()) for n, run in runs.items()}, seconds)
    return {"case": name, "batches": BATCHES, "seconds": took}
