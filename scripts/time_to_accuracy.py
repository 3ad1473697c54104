"""Measures the processor time of training to an accuracy on MNIST, beside a compiled MLP.

    python scripts/time_to_accuracy.py --accuracy 0.97
    python scripts/time_to_accuracy.py --accuracy 0.98 --only MLP mnist_sign

For every contender the fewest epochs are chosen whose mean accuracy over the seeds reaches the
accuracy that is asked on a validation split of 5,000 training images; of 2.5 epochs each of three
has five sixths of the batches. Then all are trained on all 60,000 images for so many epochs, in
turns, and tested once. Seconds are of all cores together, without compilation and evaluation. Rates
of darnax decay over the epochs, so that every number of epochs is a training of its own; the rate
of the MLP is constant.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from math import ceil
from pathlib import Path
from statistics import fmean, stdev
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarking import mlp
from benchmarking.epochs import open_run

from darnax.builder import build
from darnax.composing.composer import compose
from darnax.laboratory.data_opening import open_data

SEEDS = (0, 1, 2)
IMAGES = 60_000  # of MNIST, with those of the validation split
EPOCHS = (1, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.5, 4, 5, 6, 8, 10, 12, 15, 20)
HEAD = "| | epochs | validation | test | processor seconds | × MLP |\n|---|---|---|---|---|---|"


class Training(NamedTuple):
    """One training: processor seconds without compilation, and the accuracy at its end."""

    seconds: float
    accuracy: float


Contender = Callable[[float, int, int], Training]  # of epochs, seed and validation images


def divide_epochs(epochs: float) -> tuple[int, float]:
    """Return a number of whole epochs, and the share of the batches that each of them has."""
    whole = ceil(epochs)
    return whole, epochs / whole


def train_darnax(overrides: str, epochs: float, seed: int, validation: int) -> Training:
    """Train a network of darnax, by the compiled programs of a run."""
    whole, share = divide_epochs(epochs)
    words = [*overrides.split(), f"runner.epochs={whole}", f"seed={seed}"]
    if share < 1:
        batch = build(compose(words)).data.batch_size
        words.append(f"runner.limit_batches={round(share * ((IMAGES - validation) // batch))}")
    with TemporaryDirectory() as folder:
        run = open_run([*words, f"data.validation={validation}"], Path(folder))
        seconds = 0.0
        while run.progress.step < run.progress.total:
            began = time.process_time()
            for _ in run.chunks():
                pass
            seconds += time.process_time() - began
        split = run.dataset.validation or run.dataset.test
        (row,) = run.score("found", split)
    return Training(seconds, row["found/accuracy"])


def train_mlp(batch: int, epochs: float, seed: int, validation: int) -> Training:
    """Train the MLP."""
    words = ["+experiment=mnist_backprop", f"data.validation={validation}"]
    dataset = open_data(build(compose(words)))
    whole, share = divide_epochs(epochs)
    found = list(mlp.train_mlp(dataset, batch, whole, seed, share))
    split = dataset.validation or dataset.test
    return Training(sum(seconds for seconds, _ in found), mlp.accuracy(found[-1][1], split))


# One step of recall, batches of 64, metrics of some, and the best rates of 30 points of two epochs.
SHORT = (
    "+experiment=mnist_error dynamics.train.recall.steps=1 dynamics.infer.recall.steps=1 "
    "runner.measure_every=10 data.batch_size=64 optimizer.groups.w_in.learning_rate.init_value=100 "
    "optimizer.groups.guess.learning_rate.init_value=0.47 "
    "optimizer.groups.correct.learning_rate.init_value=4.7 "
    "optimizer.groups.w_out.learning_rate.init_value=0.5"
)
CONTENDERS: dict[str, Contender] = {
    **{f"MLP, batch {batch}": partial(train_mlp, batch) for batch in (32, 64, 128)},
    "mnist_sign": partial(train_darnax, "+experiment=mnist_sign"),
    "mnist_error": partial(train_darnax, "+experiment=mnist_error"),
    "mnist_error, one step, batch 64": partial(train_darnax, SHORT),
    "mnist_error, one step, 2000 units": partial(train_darnax, f"{SHORT} model.features=2000"),
    "mnist_error, 2000 units": partial(train_darnax, "+experiment=mnist_error model.features=2000"),
    "mnist_chain": partial(train_darnax, "+experiment=mnist_chain"),
}


def choose_epochs(
    contender: Contender, asked: float, least: float, most: float
) -> tuple[float, float] | None:
    """Return the fewest epochs that reach an accuracy on the validation split, and the accuracy."""
    for epochs in EPOCHS:
        if not least <= epochs <= most:
            continue
        found = fmean(contender(epochs, seed, 5000).accuracy for seed in SEEDS)
        if found >= asked:
            return epochs, found
    return None


def measure(
    contenders: dict[str, Contender], asked: float, least: float, most: float
) -> list[dict]:
    """Return a row for every contender: epochs, accuracies and processor seconds."""
    rows = []
    for name, contender in contenders.items():
        chosen = choose_epochs(contender, asked, least, most)
        row = {"name": name, "trainings": []}
        if chosen is not None:
            row |= {"epochs": chosen[0], "validation": chosen[1]}
        print(f"{name}: {chosen}", flush=True)
        rows.append(row)
    for seed in SEEDS:
        for row in rows:
            if "epochs" in row:
                row["trainings"].append(contenders[row["name"]](row["epochs"], seed, 0))
    return rows


def format_rows(rows: Sequence[dict]) -> list[str]:
    """Return the lines of the table; seconds are relative to the fastest MLP."""
    reached = [row for row in rows if row["trainings"]]
    seconds = {row["name"]: fmean(one.seconds for one in row["trainings"]) for row in reached}
    base = min((spent for name, spent in seconds.items() if name.startswith("MLP")), default=None)
    lines = []
    for row in rows:
        if row not in reached:
            lines.append(f"| {row['name']} | not reached | | | | |")
            continue
        accuracies = [one.accuracy for one in row["trainings"]]
        test = f"{fmean(accuracies):.4f} ± {stdev(accuracies):.4f}"
        spent = seconds[row["name"]]
        ratio = "" if base is None else f"{spent / base:.1f}"
        cells = [
            row["name"],
            row["epochs"],
            f"{row['validation']:.4f}",
            test,
            f"{spent:.1f}",
            ratio,
        ]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accuracy", type=float, default=0.97, help="the accuracy that is asked")
    parser.add_argument("--least", type=float, default=0, help="the fewest epochs that are tried")
    parser.add_argument("--most", type=float, default=20, help="the most epochs that are tried")
    parser.add_argument("--only", nargs="+", default=[""], help="names that contain one of these")
    parser.add_argument("--json", type=Path, help="write what was measured there")
    choice = parser.parse_args()
    contenders = {
        name: contender
        for name, contender in CONTENDERS.items()
        if any(part in name for part in choice.only)
    }
    rows = measure(contenders, choice.accuracy, choice.least, choice.most)
    print(f"\n{HEAD}", *format_rows(rows), sep="\n")
    if choice.json:
        choice.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
