"""Measures `darnax runs` and `darnax compare` over many runs, and over one run of many rows.

    python scripts/report_scale.py
    python scripts/report_scale.py --runs 1000 --rows 100000

The runs are fabricated in a temporary folder: the configuration of mnist_chain, four settings of
which vary, five seeds each, ten rows of the metrics of mnist_chain. Every command is a process of
its own and is run twice, since the first one may keep what it has read for the next.
"""

import argparse
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

RUNS = (1000, 5000, 20_000)
ROWS = 1_000_000
SEEDS = 5
BEGIN = datetime(2026, 1, 1)
HEAD = ("what is read", "command", "time (of the processor)", "memory", "again", "memory", "page")
METRICS = (
    *(f"norm/{name}" for name in ("down1", "hidden1", "hidden2", "up1", "w_back", "w_in", "w_out")),
    *(f"overlap/clamped-free/hidden{layer}" for layer in (1, 2)),
    *(f"overlap/free-recall/hidden{layer}" for layer in (1, 2)),
    *(f"relax/{phase}/flips" for phase in ("warmup", "clamped", "free", "recall")),
    *(f"unstable/{name}" for name in ("hidden1", "hidden2", "w_in")),
    *(f"update/{name}" for name in ("hidden1", "hidden2", "w_in", "w_out")),
    "train/accuracy",
    "time/images_per_second",
)


class Cost(NamedTuple):
    """What a command took: seconds, seconds of the processors, and bytes."""

    seconds: float
    processor: float
    memory: int

    def cells(self) -> list[str]:
        """Return two cells of the table."""
        times = f"{self.seconds:.1f} s ({self.processor:.1f} s)"
        return [times, f"{self.memory / 1e6:,.0f} MB"]


def compose_configuration() -> dict[str, Any]:
    """Return the configuration of mnist_chain."""
    import darnax

    return darnax.compose("+experiment=mnist_chain")


def make_rows(count: int, accuracy: float, draw: random.Random) -> Iterator[str]:
    """Yield the lines of a record; every tenth, and the last, has an evaluation."""
    for i in range(1, count + 1):
        row: dict[str, float] = {"step": 20 * i, "epoch": 10 * i / count}
        row |= {name: draw.random() for name in METRICS}
        if i % 10 == 0 or i == count:
            row["eval/accuracy"] = accuracy * math.tanh(3 * i / count) - 0.01 * draw.random()
        yield json.dumps(row) + "\n"


def make_run(
    folder: Path,
    config: dict[str, Any],
    outline: dict[str, Any],
    rows: int,
    draw: random.Random,
) -> None:
    """Make the folder of a finished run."""
    from darnax.bounded_yaml import dump_plain

    (folder / "checkpoints").mkdir(parents=True)
    settings = [f"model.depth={config['model']['depth']}", f"seed={config['seed']}"]
    overrides = ["+experiment=mnist_chain", *settings]
    (folder / "config.yaml").write_text(dump_plain(config))
    (folder / "overrides.yaml").write_text("".join(f"- {words}\n" for words in overrides))
    (folder / "network.json").write_text(json.dumps(outline))
    (folder / ".lock").touch()
    last = ""
    with (folder / "metrics.jsonl").open("w") as file:
        for last in make_rows(rows, 0.9 + 0.05 * draw.random(), draw):
            file.write(last)
    metrics = json.loads(last)
    del metrics["step"], metrics["epoch"]
    summary = {"status": "finished", "metrics": metrics, "wall_seconds": 60.0}
    (folder / "summary.json").write_text(json.dumps(summary, indent=2))


def make_runs(outputs: Path, count: int, rows: int) -> None:
    """Make many runs; five that differ only in the seed follow each other."""
    from darnax.builder import build

    draw = random.Random(0)
    config = compose_configuration()
    outline = build(config).outline().as_json()
    for i in range(count):
        if i % SEEDS == 0:
            config["model"]["depth"] = draw.randint(1, 4)
            config["model"]["layers"]["hidden"]["j_d"] = round(draw.random(), 4)
            config["optimizer"]["default"]["learning_rate"] = round(draw.random(), 4)
            config["data"]["batch_size"] = draw.choice((16, 32))
        config["seed"] = i % SEEDS
        name = f"{BEGIN + timedelta(seconds=i):%Y-%m-%d_%H-%M-%S}-{i:06x}"
        make_run(outputs / "mnist_chain" / name, config, outline, rows, draw)


def make_runs_apart(outputs: Path, count: int, rows: int) -> None:
    """Make runs in another process: the peak memory of a command includes that of its parent."""
    process = get_context("spawn").Process(target=make_runs, args=(outputs, count, rows))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit("the runs could not be made")


def measure(words: Sequence[str], folder: Path) -> Cost:
    """Run a command of darnax in a folder; return what it took."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    command = [sys.executable, "-m", "darnax.cli.app", *words]
    began = time.perf_counter()
    with (folder / "printed.txt").open("w") as printed:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=printed)
        _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"darnax {' '.join(words)} ended with {process.returncode}")
    return Cost(seconds, used.ru_utime + used.ru_stime, 1024 * used.ru_maxrss)


def measure_commands(what: str, folder: Path, commands: Sequence[str]) -> None:
    """Print one line of the table for each command."""
    page = folder / "page.html"
    for command in commands:
        page.unlink(missing_ok=True)
        first, again = (measure(command.split(), folder) for _ in range(2))
        size = f"{page.stat().st_size / 1e6:.1f} MB" if page.exists() else ""
        cells = [what, f"`{command}`", *first.cells(), *again.cells(), size]
        print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, nargs="*", default=RUNS, help="numbers of runs")
    parser.add_argument("--rows", type=int, nargs="*", default=[ROWS], help="of the one long run")
    parser.add_argument("--place", type=Path, help="where to make the temporary folder")
    choices = parser.parse_args()
    print(f"| {' | '.join(HEAD)} |\n{'|---' * len(HEAD)}|", flush=True)
    with tempfile.TemporaryDirectory(dir=choices.place) as place:
        folder = Path(place).resolve()
        for count in choices.runs:
            make_runs_apart(folder / "outputs", count, rows=10)
            commands = ["runs", "compare outputs", "compare outputs --html page.html"]
            measure_commands(f"{count:,} runs", folder, commands)
            shutil.rmtree(folder / "outputs")
        for rows in choices.rows:
            make_runs_apart(folder / "outputs", 1, rows)
            commands = ["runs", "compare outputs --best", "compare outputs --html page.html"]
            measure_commands(f"one run of {rows:,} rows", folder, commands)
            shutil.rmtree(folder / "outputs")


if __name__ == "__main__":
    main()
