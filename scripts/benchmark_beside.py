"""Measures the speed of this checkout beside that of another one, in turns.

    git worktree add ../before COMMIT
    python scripts/benchmark_beside.py ../before
    python scripts/benchmark_beside.py ../before --only convolution 'B=128'

The cases are those of `scripts/benchmark.py`. Each checkout runs in a process of its own, and they
take turns, so that other load slows both alike. A ratio above 1 means that this checkout is faster.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmark import CASES
from benchmarking.case import Case
from benchmarking.checkouts import MAKE_PROGRAMS, environment_of

HERE = Path(__file__).resolve().parents[1]
KINDS = ("train", "evaluate")
# Runs in the other process: it makes both programs, and then one of them for every line it reads.
WORKER = (
    MAKE_PROGRAMS
    + """
import time
runs = {"train": lambda: train(w, xs, ys), "evaluate": lambda: evaluate(w, xs)}
for run in runs.values():
    jax.block_until_ready(run())
print("ready", flush=True)
for line in sys.stdin:
    began = time.perf_counter()
    jax.block_until_ready(runs[line.strip()]())
    print(time.perf_counter() - began, flush=True)
"""
)


class Worker:
    """A process that runs the programs of a case in a checkout."""

    def __init__(self, checkout: Path, case: Case, batches: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, json.dumps(list(case)), str(batches)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=checkout / "scripts",
            env=environment_of(checkout),
        )

    def read(self) -> str:
        """Return the next line of the process; raise SystemExit if it has ended."""
        line = self.process.stdout.readline().strip() if self.process.stdout else ""
        if not line:
            raise SystemExit("a checkout cannot run the case; its message is above")
        return line

    def run(self, kind: str) -> float:
        """Return the seconds that one run takes."""
        if self.process.stdin:
            self.process.stdin.write(f"{kind}\n")
            self.process.stdin.flush()
        return float(self.read())

    def end(self) -> None:
        """End the process, which reads to the end of its input."""
        self.process.communicate()


def compare(case: Case, before: Path, batches: int, pairs: int) -> dict[str, Any]:
    """Return how many times as fast this checkout is: of the medians, and of the best."""
    workers = [Worker(checkout, case, batches) for checkout in (HERE, before)]
    for worker in workers:
        worker.read()
    row: dict[str, Any] = {"case": str(case)}
    for kind in KINDS:
        times: Sequence[list[float]] = ([], [])
        for _ in range(pairs):
            for worker, found in zip(workers, times, strict=True):
                found.append(worker.run(kind))
        ours, theirs = times
        row[kind] = {"median": median(theirs) / median(ours), "best": min(theirs) / min(ours)}
    for worker in workers:
        worker.end()
    return row


def format_row(row: dict[str, Any]) -> str:
    """Return one line of the table."""
    cells = [row["case"]]
    for kind in KINDS:
        cells += [f"{row[kind]['median']:.3f}", f"{row[kind]['best']:.3f}"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path, help="the other checkout")
    parser.add_argument("--only", nargs="+", default=[""], help="as in scripts/benchmark.py")
    parser.add_argument("--batches", type=int, default=8, help="per measurement")
    parser.add_argument("--pairs", type=int, default=9, help="of measurements, per case and kind")
    choice = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} at the start\n")
    print("| case | train, of medians | of the best | evaluate, of medians | of the best |")
    print("|---|---|---|---|---|", flush=True)
    for case in CASES:
        if any(part in str(case) for part in choice.only):
            row = compare(case, choice.before.resolve(), choice.batches, choice.pairs)
            print(format_row(row), flush=True)
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
