"""Profiles a training step: prints the slowest operations, and writes a trace for ui.perfetto.dev.

python scripts/profile.py --family sparse --units 2000 --batch 16 --out outputs/profile
"""

import sys
from pathlib import Path

# This file has the name of a module of the standard library, which others import: its folder is
# taken off the path until they have.
SCRIPTS = Path(__file__).resolve().parent
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != SCRIPTS]
import argparse  # noqa: E402
import gzip  # noqa: E402
import json  # noqa: E402
from collections import Counter  # noqa: E402

import jax  # noqa: E402

sys.path.append(str(SCRIPTS))
from benchmarking import darnax_way  # noqa: E402
from benchmarking.case import Case, make_batches, make_network  # noqa: E402


def slowest_operations(trace: Path, rows: int) -> list[tuple[str, float]]:
    """Return the slowest operations of a trace, in milliseconds; loops include their body."""
    with gzip.open(trace) as file:
        events = json.load(file)["traceEvents"]
    spent: Counter[str] = Counter()
    for event in events:
        if "hlo_op" in event.get("args", {}):
            spent[event["name"]] += event["dur"] / 1e3
    return spent.most_common(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--family", choices=("sparse", "dense"), default="sparse")
    parser.add_argument("--units", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--depth", type=int, default=1)
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--rows", type=int, default=15)
    parser.add_argument("--out", type=Path, default=Path("outputs/profile"))
    choice = parser.parse_args()
    case = Case(choice.family, choice.units, choice.batch, choice.depth)
    weights, train, _ = darnax_way.programs(case, make_network(case, jax.random.key(0)))
    xs, ys = make_batches(case, choice.batches)
    jax.block_until_ready(train(weights, xs, ys))
    with jax.profiler.trace(str(choice.out), create_perfetto_trace=True):
        jax.block_until_ready(train(weights, xs, ys))
    trace = max(choice.out.rglob("perfetto_trace.json.gz"), key=lambda path: path.stat().st_mtime)
    print(f"{case}: open {trace} in ui.perfetto.dev\n\nms per batch  operation")
    for name, spent in slowest_operations(trace, choice.rows):
        print(f"{spent / choice.batches:12.4f}  {name}")


if __name__ == "__main__":
    main()
