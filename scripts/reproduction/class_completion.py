"""Measures the completion of images with their class: by rounds and steps, over noise and load."""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array

from reproduction.accuracies import read_accuracies
from reproduction.classifiers import cells_by_steps, phases_of_inference
from reproduction.completion import ROUNDS, evaluate_shown, fraction_right, open_shown
from reproduction.receipts import Identity, Run, read_runs, require_runs
from reproduction.rows.class_completion import (
    CASES,
    HARDER,
    LONGER,
    MOSTLY_UNKNOWN,
    Case,
    class_alone,
    class_alone_longer,
    completing_with_class,
    relaxing_layer,
)
from reproduction.rows.classifiers import TASKS
from reproduction.rows.completion import BACKPROPAGATION, LOOP, ONCE
from reproduction.spread import compare_pairs, format_pairs, format_spread
from reproduction.trained import Images

Rows = list[dict[str, Any]]
PIXELS = 784  # of an image; the entries after them are the class
TRAINED = 8  # rounds at inference of the networks of the rows
OF_MAP = TASKS["MNIST"]  # of classifiers, with the same J_D, κ and phases
# Name in the columns -> J_D and κ.
SETTINGS = {
    "": (OF_MAP.self_couplings[-1], OF_MAP.margins[1]),
    ", J_D smaller": (OF_MAP.self_couplings[1], OF_MAP.margins[0]),
}


class Right(NamedTuple):
    """The fractions of the missing pixels and of the classes that are right."""

    pixels: float
    classes: float


def measure_right(run: Run, *overrides: str) -> Right:
    """Return what a network has right of the test images."""
    trained, shown, _ = open_shown(run, *overrides)
    return compare(evaluate_shown(trained, trained.experiment.infer, shown), trained.targets, shown)


def compare(scores: Array, targets: Images, shown: Array) -> Right:
    """Return what is right of the scores for targets of ±1; the class is the largest of ten."""
    pixels = slice(0, PIXELS)
    is_missing = shown[:, pixels] == 0
    right = fraction_right(scores[:, pixels], jnp.asarray(targets)[:, pixels], is_missing)
    found, asked = (jnp.argmax(part[:, PIXELS:], axis=1) for part in (scores, targets))
    return Right(right, float(jnp.mean(found == asked)))


def completion_with_class(outputs: Path) -> Rows:
    """Completion of images with their class: the classes that are right.

    The networks of the sections *Completion with the class* and *Class of images with unknown
    pixels, without completion*, on the test images. *Alone* are the networks that are not asked for
    the pixels. The differences are in percentage points, paired by seed, with the 95 % interval and
    the p of the paired t-test, not corrected for the number of tests. Mean ± standard deviation
    over three seeds.
    """
    return compare_classes(outputs, CASES)


def completion_with_class_harder(outputs: Path) -> Rows:
    """Completion of images with their class, from fewer images or pixels: the classes right.

    The networks of the sections *Completion with the class, fewer images or pixels* and *Class of
    images with unknown pixels, without completion*; columns and differences as with more of both.
    Mean ± standard deviation over three seeds.
    """
    return compare_classes(outputs, HARDER)


def compare_classes(outputs: Path, cases: Sequence[Case]) -> Rows:
    """Return the classes that are right, and what rounds of filling in gain."""
    found = read_runs(outputs)
    rows: Rows = []
    for case in cases:
        classes, _ = read_scores(found, outputs, case)
        cells = {name: format_spread(classes.get(name, []), 4) for name in columns()}
        for name in (ONCE, BACKPROPAGATION):
            cells[f"rounds − {name}"] = difference_to(name, classes)
        rows.append(case_cells(case) | cells)
    return rows


def completion_differences(outputs: Path) -> Rows:
    """Completion of images with their class: the missing pixels that are right, and differences.

    The networks of the table of classes. Differences are those of rounds of filling in and the
    network of the column, in percentage points, with the 95 % interval and the p of the paired
    t-test, not corrected for the number of tests. Mean ± standard deviation over three seeds.
    """
    found = read_runs(outputs)
    rows: Rows = []
    for case in CASES:
        classes, pixels = read_scores(found, outputs, case)
        of_networks = {
            "class: rounds − this": {name: difference_to(name, classes) for name in columns()},
            "pixels": {name: format_spread(pixels.get(name, []), 4) for name in columns()},
            "pixels: rounds − this": {name: difference_to(name, pixels) for name in columns()},
        }
        for what, cells in of_networks.items():
            rows.append(case_cells(case) | {"quantity": what} | cells)
    return rows


def read_scores(
    found: Mapping[Identity, Run], outputs: Path, case: Case
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return name -> the fractions of right classes, and of right missing pixels."""
    classes, pixels = {}, {}
    for name, overrides in completing_with_class(case).items():
        right = [measure_right(run) for run in require_runs(found, outputs, overrides)]
        classes[name] = [each.classes for each in right]
        pixels[name] = [each.pixels for each in right]
    for name, overrides in class_alone(case).items():
        classes[f"alone: {name}"] = read_accuracies(found, outputs, overrides)
    return classes, pixels


def columns() -> list[str]:
    """Return the names of the networks of any case."""
    names: dict[str, None] = {}
    for case in CASES:
        names |= dict.fromkeys(completing_with_class(case))
    return [*names, *(f"alone: {name}" for name in class_alone(CASES[0]))]


def difference_to(name: str, scores: Mapping[str, list[float]]) -> str:
    """Return what rounds of filling in gain against a network, or "" where it was not measured."""
    is_measured = name in scores and name != LOOP
    return format_pairs(scores[LOOP], scores[name]) if is_measured else ""


def case_cells(case: Case) -> dict[str, Any]:
    """Return the first cells of a row."""
    return {"images": case.images, "load": case.load, "unknown": f"{100 * case.share:.0f} %"}


def completion_against_class_alone(outputs: Path) -> Rows:
    """Completion of images with their class, against backpropagation for the class alone.

    The networks of the sections of completion with the class, and of *Class of images with unknown
    pixels, without completion*; after twice the epochs these have made as many updates as the
    rounds. Differences are those of rounds and the network, in percentage points, with the 95 %
    interval and the p of the paired t-test, not corrected for the number of tests. Mean ± standard
    deviation over three seeds.
    """
    found = read_runs(outputs)
    rows: Rows = []
    for case in MOSTLY_UNKNOWN:
        runs = require_runs(found, outputs, completing_with_class(case)[LOOP])
        rounds = [measure_right(run).classes for run in runs]
        cells = case_cells(case) | {LOOP: format_spread(rounds, 4)}
        alone = {"alone": class_alone(case)[BACKPROPAGATION]}
        alone[f"alone, {LONGER}"] = class_alone_longer(case)
        for name, overrides in alone.items():
            scores = read_accuracies(found, outputs, overrides)
            cells |= {name: format_spread(scores, 4)}
            cells |= {f"rounds − {name}": format_pairs(rounds, scores)}
        rows.append(cells)
    return rows


def class_by_rounds(outputs: Path) -> Rows:
    """Completion with the class, by rounds of filling in at inference: the classes that are right.

    The networks *rounds of filling in* of the section *Completion with the class*, on the test
    images; eight rounds are those of the experiment. The difference is that of eight rounds and
    one, in percentage points, with its 95 % interval and the p of the paired t-test, not corrected
    for the number of tests. Mean ± standard deviation over three seeds.
    """
    found = read_runs(outputs)
    rows: Rows = []
    for case in CASES:
        runs = require_runs(found, outputs, completing_with_class(case)[LOOP])
        cells, scores = case_cells(case), {}
        for rounds in sorted({*ROUNDS, TRAINED}):
            override = f"dynamics.infer.loop.steps={rounds}"
            scores[rounds] = [measure_right(run, override).classes for run in runs]
            column = f"{rounds} rounds" if rounds > 1 else "1 round"
            cells[column] = format_spread(scores[rounds], 4)
        difference, p = compare_pairs(scores[TRAINED], scores[1])
        rows.append(cells | {f"{TRAINED} − 1": difference, "p": p})
    return rows


def completion_by_steps(outputs: Path) -> Rows:
    """Classes of images with unknown pixels, by steps of a layer that relaxes and completes.

    One layer of 1000 units with ten couplings each, as in the map of classifiers, with the
    perceptron rule under the target, which is the image and its class; over noise, load, margin κ
    and self-coupling J_D. The readout is that of six steps. *At rest* is at the fixed point, or
    after 100 steps. 15 epochs with load 6 and 5 with load 60; strengths are the best of 12 points
    of 3 epochs on a validation split, with half of the pixels of MNIST unknown. The difference is
    that of the state at rest and the first step, in percentage points, with its 95 % interval and
    the p of the paired t-test, not corrected for the number of tests. Mean ± standard deviation
    over three seeds.
    """
    return right_by_steps(outputs, "classes")


def completion_pixels_by_steps(outputs: Path) -> Rows:
    """Missing pixels of images with unknown pixels, by steps of a layer that completes.

    The fraction of the missing pixels that are right, in the networks, on the images and after the
    steps of *Classes of images with unknown pixels, by steps*; the difference as there. Mean ±
    standard deviation over three seeds.
    """
    return right_by_steps(outputs, "pixels")


def right_by_steps(outputs: Path, quantity: str) -> Rows:
    """Return what is right of a quantity, a name in `Right`, by steps of the layer that relaxes."""
    found = read_runs(outputs)
    rows: Rows = []
    for case, j_d, margin in product(CASES, OF_MAP.self_couplings, OF_MAP.margins):
        runs = require_runs(found, outputs, relaxing_layer(case, j_d, margin))
        measured = [measure_by_steps(run, quantity) for run in runs]
        cells = case_cells(case) | {"J_D": j_d, "κ": margin}
        rows.append(cells | cells_by_steps(measured))
    return rows


def measure_by_steps(run: Run, quantity: str) -> dict[str, float]:
    """Return name of a column -> the fraction of the classes or of the pixels that is right."""
    trained, shown, _ = open_shown(run)
    found = {}
    for name, phase in phases_of_inference().items():
        scores = evaluate_shown(trained, {"recall": phase}, shown)
        found[name] = getattr(compare(scores, trained.targets, shown), quantity)
    return found


def completion_by_readout(outputs: Path) -> Rows:
    """Classes of images with unknown pixels: six steps and one, each with its own readout.

    The layer of *Classes of images with unknown pixels, by steps*, with the J_D and κ of its
    experiment, and with a smaller J_D and half of κ. Differences as there. Mean ± standard
    deviation over three seeds.
    """
    found = read_runs(outputs)
    rows: Rows = []
    for case in CASES:
        cells = case_cells(case)
        for name, (j_d, margin) in SETTINGS.items():
            network = relaxing_layer(case, j_d, margin)
            scores = []
            for overrides in (network, f"{network} {OF_MAP.one_step}"):
                runs = require_runs(found, outputs, overrides)
                scores.append([measure_right(run).classes for run in runs])
            six, one = scores
            cells |= {f"six steps{name}": format_spread(six, 4)}
            cells |= {f"one step{name}": format_spread(one, 4)}
            cells |= {f"six − one{name}": format_pairs(six, one)}
        rows.append(cells)
    return rows
