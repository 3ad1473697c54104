"""Measures the speed of darnax beside two other implementations of the same training.

    python scripts/benchmark.py --quick
    python scripts/benchmark.py --json outputs/benchmark.json
    python scripts/benchmark.py --data --seconds 40
    python scripts/benchmark.py --replicas
    python scripts/benchmark.py --stages --seconds 30 --only rotate

darnax  the compiled programs of a run
plain   a straightforward implementation in JAX (scripts/benchmarking/plain.py)
floor   only the products that every implementation needs (scripts/benchmarking/floor.py)

They are measured in turns, after their results have been compared. On a GPU all of them multiply
in full precision, as darnax always does.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
from benchmarking.case import Case
from benchmarking.epochs import EXPERIMENTS, measure_epochs
from benchmarking.measure import measure
from benchmarking.replicas import measure_replicas
from benchmarking.stages import STAGES, measure_stage

COLUMNS = [
    "case",
    "images/s train",
    "× plain",
    "floor ×",
    "images/s evaluate",
    "× plain",
    "floor ×",
    "MB (plain)",
    "compile s",
]
COLUMNS += ["equal weights / answers"]
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"
EPOCH_COLUMNS = [
    "experiment",
    "s of the steps",
    "s resident",
    "× the steps",
    "s streamed",
    "× resident",
]
EPOCHS = f"| {' | '.join(EPOCH_COLUMNS)} |\n{'|---' * len(EPOCH_COLUMNS)}|"
REPLICAS = "| experiment | replicas | ms a batch | × one |\n|---|---|---|---|"
STAGE_RATIOS = "| stage | × without | 95 % interval | pairs |\n|---|---|---|---|"
QUICK = [Case("sparse", 1000, 16), Case("sparse", 2000, 16), Case("dense", 1000, 16)]
CASES = [
    Case(family, n, b)
    for family in ("sparse", "dense")
    for n in (500, 1000, 2000, 4000)
    for b in (16, 128)
]
CASES += [Case(family, 1000, 16, depth) for family in ("sparse", "dense") for depth in (2, 4)]
CASES += [Case("convolution", 16, b) for b in (16, 128)]


def format_row(result: dict) -> str:
    """Return one line of the table."""
    costs = result["costs"]
    cells = [result["case"]]
    for what in ("train", "evaluate"):
        speed = result[what]
        cells += [f"{speed['darnax']:,.0f}", f"{speed['of_plain']:.1f}", f"{speed['of_floor']:.2f}"]
    cells += [
        f"{costs['darnax']['peak_mb']:.0f} ({costs['plain']['peak_mb']:.0f})",
        f"{costs['darnax']['compile_seconds']:.1f}",
    ]
    cells += [f"{result['weights_agree']:.4f} / {result['answers_agree']:.3f}"]
    return "| " + " | ".join(cells) + " |"


def format_epochs_row(result: dict) -> str:
    """Return one line of the table of epochs."""
    cells = [f"{result['steps']:.2f}", f"{result['resident']:.2f}", f"{result['of_steps']:.3f}"]
    cells += [f"{result['streamed']:.2f}", f"{result['of_resident']:.2f}"]
    return "| " + " | ".join([result["case"], *cells]) + " |"


def format_replicas_rows(result: dict) -> str:
    """Return the lines of the table of replicas."""
    seconds = result["seconds"]
    lines = []
    for replicas, spent in seconds.items():
        milliseconds = f"{1e3 * spent / result['batches']:.3f}"
        relative = f"{spent / seconds['1']:.2f}"
        lines.append(f"| {result['case']} | {replicas} | {milliseconds} | {relative} |")
    return "\n".join(lines)


def format_stage_row(result: dict) -> str:
    """Return one line of the table of random stages."""
    interval = f"{result['low']:.2f} to {result['high']:.2f}"
    return f"| {result['case']} | {result['median']:.2f} | {interval} | {result['pairs']} |"


class Table(NamedTuple):
    """A table of measurements: its head, its cases, how one is measured and formatted."""

    head: str
    cases: Sequence[Any]
    measure: Callable[[Any], dict]
    format_row: Callable[[dict], str]


def choose_table(choice: argparse.Namespace) -> Table:
    """Return the table that the command line asks for."""
    if choice.data:
        return Table(
            EPOCHS,
            EXPERIMENTS,
            lambda name: measure_epochs(name, choice.seconds),
            format_epochs_row,
        )
    if choice.replicas:
        return Table(
            REPLICAS,
            ["digits_smoke"],
            lambda name: measure_replicas(name, choice.seconds),
            format_replicas_rows,
        )
    if choice.stages:
        return Table(
            STAGE_RATIOS,
            list(STAGES),
            lambda name: measure_stage(name, choice.seconds),
            format_stage_row,
        )
    cases = QUICK if choice.quick else CASES
    return Table(
        HEAD, cases, lambda case: measure(case, choice.batches, choice.seconds), format_row
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="three cases, about a minute")
    parser.add_argument(
        "--only",
        nargs="+",
        default=[""],
        help="cases whose name contains one of these, as in 'sparse N=2000'",
    )
    parser.add_argument("--batches", type=int, default=8, help="per measurement")
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="of taking turns, per case and kind"
    )
    parser.add_argument(
        "--data", action="store_true", help="what data cost: epochs of shipped experiments on MNIST"
    )
    parser.add_argument(
        "--replicas", action="store_true", help="what 8 and 64 replicas cost beside one"
    )
    parser.add_argument(
        "--stages", action="store_true", help="what random stages cost: steps of mnist_chain"
    )
    parser.add_argument("--json", type=Path, help="write everything measured there, case by case")
    choice = parser.parse_args()
    jax.config.update("jax_default_matmul_precision", "highest")
    device, table, results = jax.devices()[0], choose_table(choice), []
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    print(f"{machine}, jax {jax.__version__} on {device.device_kind}")
    print(f"load {os.getloadavg()[0]:.1f} at the start\n\n{table.head}", flush=True)
    for case in table.cases:
        if any(part in str(case) for part in choice.only):
            results.append(table.measure(case))
            print(table.format_row(results[-1]), flush=True)
            # After every case, so that an interrupted benchmark leaves what it has measured.
            if choice.json:
                choice.json.write_text(json.dumps(results, indent=1))
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
