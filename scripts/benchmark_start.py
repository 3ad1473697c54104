"""Measures how long a run takes to start, and what a point of a sweep costs.

    python scripts/benchmark_start.py
    git worktree add ../before COMMIT
    python scripts/benchmark_start.py ../before

With another checkout both are measured in turns, so that other load slows both alike. MNIST has to
be prepared. Processor seconds are those of a process and its children on all cores.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from math import nan
from pathlib import Path
from typing import NamedTuple

from benchmarking.checkouts import environment_of
from reproduction.spread import format_spread

HERE = Path(__file__).resolve().parents[1]
EXPERIMENTS = ("mnist_chain", "mnist_error")
SHORT = ("runner.epochs=1", "runner.limit_batches=200")
# Runs of one epoch of few images, of which nearly all time is that of a point.
SWEEP = (
    "-m",
    "+experiment=mnist_error",
    "model.features=100",
    "data.per_class=20",
    "data.validation=100",
    "runner.epochs=1",
)
FEW, MANY = 2, 32  # points
TRAINED = "time/images_per_second"  # in the first row of training


class Times(NamedTuple):
    """What a command took, in seconds.

    Args:
        processor: of its process and the children of it.
        first_row: by the clock, to the first row of training in its metrics; nan of a sweep.
    """

    processor: float
    first_row: float


class Checkout:
    """A checkout with outputs and a cache of compiled programs of its own."""

    def __init__(self, path: Path, scratch: Path) -> None:
        self.path, self.scratch = path, scratch
        self.cache = 0
        self.empty_cache()

    def empty_cache(self) -> None:
        """Give the next command a cache without programs."""
        self.cache += 1

    def train(self, *words: str) -> Times:
        """Return the times of `darnax train`."""
        outputs = Path(tempfile.mkdtemp(dir=self.scratch))
        own = {
            "JAX_COMPILATION_CACHE_DIR": str(self.scratch / f"cache{self.cache}"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.1",
        }
        command = [sys.executable, "-m", "darnax", "train", *words]
        began = time.perf_counter()
        process = subprocess.Popen(
            [*command, "tracking=local", f"paths.outputs={outputs}"],
            cwd=self.scratch,
            env=environment_of(self.path) | own,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        first_row = None
        while True:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if first_row is None and has_trained(outputs):
                first_row = time.perf_counter() - began
            if ended:
                break
            time.sleep(0.01)
        if status:
            raise SystemExit(f"{self.path}: {' '.join(command)} failed; its message is above")
        return Times(usage.ru_utime + usage.ru_stime, first_row or nan)


def has_trained(outputs: Path) -> bool:
    """Return whether a run has written its first row of training."""
    return any(TRAINED in file.read_text() for file in outputs.glob("*/*/metrics.jsonl"))


def measure(checkout: Checkout) -> Iterator[tuple[str, float]]:
    """Yield what is measured, and its seconds."""
    for experiment in EXPERIMENTS:
        checkout.empty_cache()
        words = (f"+experiment={experiment}", *SHORT)
        cold, warm = checkout.train(*words), checkout.train(*words)
        compiling = cold.processor - warm.processor
        yield f"`{experiment}`: compiling, processor", compiling
        yield f"`{experiment}`: first row, empty cache, by the clock", cold.first_row
        yield f"`{experiment}`: first row, warm cache, by the clock", warm.first_row
    checkout.train(*SWEEP, f"seed={count_to(FEW)}")  # compiles
    few, many = (checkout.train(*SWEEP, f"seed={count_to(n)}").processor for n in (FEW, MANY))
    yield "a point of a sweep, processor", (many - few) / (MANY - FEW)


def count_to(points: int) -> str:
    """Return as many seeds, separated by commas."""
    return ",".join(map(str, range(points)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path, nargs="?", help="another checkout")
    parser.add_argument("--turns", type=int, default=3)
    choice = parser.parse_args()
    paths = [HERE] if choice.before is None else [choice.before.resolve(), HERE]
    print(f"load {os.getloadavg()[0]:.1f} at the start\n", flush=True)
    found: list[dict[str, list[float]]] = [{} for _ in paths]
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch) / str(number) for number in range(len(paths))]
        for folder in folders:
            folder.mkdir()
        checkouts = list(map(Checkout, paths, folders))
        for _ in range(choice.turns):
            for checkout, times in zip(checkouts, found, strict=True):
                for name, seconds in measure(checkout):
                    times.setdefault(name, []).append(seconds)
    heads = ["seconds"] if choice.before is None else ["before", "after"]
    print(f"| | {' | '.join(heads)} |\n|{'---|' * (len(heads) + 1)}")
    for name in found[0]:
        print(f"| {name} | {' | '.join(format_spread(times[name], 2) for times in found)} |")
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
