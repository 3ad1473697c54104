"""NaN, infinite or huge numbers end a run. Oracle: the module, phase and step that cause them."""

import dataclasses
import json
import logging
import math
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from synthetic_task import EXAMPLES, dataset, experiment

from darnax.data import Dataset, Resident
from darnax.errors import RunError
from darnax.runner import checkpoint
from darnax.runner.chance_level import at_chance, format_chance_warning
from darnax.runner.programs import ParallelRuns, shuffle
from darnax.runner.run_folder import RunFolder
from darnax.runner.run_session import RunSession
from darnax.runner.train import train
from darnax.tracking.jsonl import Jsonl

SLOW = pytest.mark.slow  # each compiles a network of its own
SHORT = ["runner.epochs=3", "runner.checkpoint_every=1"]
PER_EPOCH = EXAMPLES // 16
LEARNS = {"w_in": "free", "hidden": "free", "w_out": "recall"}
NAMES = {"w_in": "w_in", "hidden": "hidden1", "w_out": "w_out"}


def lane(place: Path, *overrides: str) -> RunSession:
    folder = RunFolder.create(place, "wild", {}, [], command=[])
    return RunSession(
        experiment(*SHORT, *overrides),
        folder,
        lambda progress: Jsonl(folder.metrics, progress.step),
    )


def jump(group: str, after: int, rate: float = 0.1) -> list[str]:
    """Return a schedule that multiplies the learning rate of a group by 10³⁰ at a step."""
    jumping = f"transition_steps: {after}, decay_rate: 1e30, staircase: true"
    schedule = f"{{_target_: optax.exponential_decay, init_value: {rate}, {jumping}}}"
    return [
        f"~optimizer.groups.{group}",
        f"+optimizer.groups.{group}={{_target_: optax.sgd, learning_rate: {schedule}}}",
    ]


def fails(*lanes: RunSession, data: Dataset | None = None) -> str:
    """Return the reason for which a run fails."""
    with pytest.raises(RunError) as caught:
        train(lanes, data or dataset())
    for each in lanes:
        summary = each.folder.summary()
        assert summary["status"] == "failed"
        assert summary["reason"] == str(caught.value)
        assert str(caught.value) in each.folder.log.read_text()
        assert "Traceback" not in each.folder.log.read_text()
    return str(caught.value)


@pytest.mark.parametrize(
    ("group", "after"),
    [
        pytest.param("w_in", 13),
        pytest.param("hidden", 1, marks=SLOW),
        pytest.param("w_out", 27, marks=SLOW),
    ],
)
def test_a_rate_that_jumps_names_the_module_and_the_very_step(tmp_path, group, after):
    made = lane(tmp_path, *jump(group, after))
    reason = fails(made)
    assert reason.startswith(
        f"{NAMES[group]}: its change is NaN, infinite or larger than 1e9, in phase {LEARNS[group]}"
    )
    assert f" of step {after + 1};" in reason
    kept = after // PER_EPOCH * PER_EPOCH
    assert f"step-{kept:010d}" in reason if kept else "no checkpoint was saved before" in reason
    for path in made.folder.checkpoints.iterdir():
        assert all(np.isfinite(array).all() for array in load_file(path).values())
    rows = [json.loads(line) for line in made.folder.metrics.read_text().splitlines()]
    assert all(row["step"] <= after and None not in row.values() for row in rows)
    if kept:
        runs = ParallelRuns([made.experiment], PER_EPOCH)
        assert (
            checkpoint.load(checkpoint.find_latest(made.folder.checkpoints), runs.initial_state())[
                1
            ]["step"]
            == kept
        )


@SLOW
def test_growth_by_decay_with_the_wrong_sign_is_found_in_its_step(tmp_path):
    """Closed form: with a factor of -99 per step, W changes by 100 · 99^(t-1) ‖W_0‖ in step t."""
    parts = (
        "a: {_target_: optax.set_to_zero}, "
        "b: {_target_: optax.add_decayed_weights, weight_decay: 100.0}"
    )
    grown = f"{{{parts}, c: {{_target_: optax.sgd, learning_rate: 1.0}}}}"
    made = lane(tmp_path, "~optimizer.groups.w_out", f"+optimizer.groups.w_out={grown}")
    runs = ParallelRuns([made.experiment], PER_EPOCH)
    norm = np.linalg.norm(runs.network(runs.initial_state().arrays).layer_map[2, 1].W)
    step = next(t for t in range(1, 99) if 100 * 99.0 ** (t - 1) * norm > 1e9)
    assert (
        f"w_out: its change is NaN, infinite or larger than 1e9, in phase recall of step {step};"
        in fails(made)
    )


def with_nan(array: np.ndarray, example: int) -> np.ndarray:
    array = array.astype(np.float32)
    array[example, ..., 0] = np.nan
    return array


@SLOW
def test_nan_among_the_inputs_is_reported(tmp_path):
    """Oracle: the position of the example in the epoch."""
    clean, made = dataset(), lane(tmp_path)
    example = 77
    data = dataclasses.replace(
        clean, train=Resident(with_nan(clean.train.inputs, example), clean.train.targets)
    )
    runs = ParallelRuns([made.experiment], PER_EPOCH)
    order = np.asarray(shuffle(runs.keys().order, np.int32(0), np.int32(0), EXAMPLES))
    step = int(np.flatnonzero(order == example)[0]) // 16 + 1
    assert fails(made, data=data).startswith(
        "w_in: the input it reads is NaN, infinite or larger than 1e9, "
        f"in phase warmup of step {step};"
    )


@SLOW
def test_nan_among_the_examples_of_an_evaluation_is_reported(tmp_path):
    clean = dataset()
    data = dataclasses.replace(
        clean, test=Resident(with_nan(clean.test.inputs, 5), clean.test.targets)
    )
    made = lane(tmp_path)
    assert "example 5 of an evaluation" in fails(made, data=data)
    assert "best" not in {path.stem for path in made.folder.checkpoints.iterdir()}


@SLOW
@pytest.mark.parametrize(("phase", "inverted"), [("clamped", False), ("free", True)])
@pytest.mark.parametrize("group", ["layers.hidden", "adapters.w_in"])
def test_an_overflow_in_one_of_the_phases_in_which_a_module_learns(
    tmp_path, group, phase, inverted
):
    """A huge feedback makes the field large in the clamped phase, and small in the free phase."""
    made = lane(
        tmp_path,
        "trust=[overflow_rules]",
        f"~model.{group}.threshold",
        f"+model.{group}.rule={{_target_: overflow_rules.Overflow, "
        f"inverted: {str(inverted).lower()}}}",
        "model.adapters.w_back.strength=1e5",
        "+dynamics.train.clamped.learn=[w_in,'hidden*']",
    )
    module = {"layers.hidden": "hidden1", "adapters.w_in": "w_in"}[group]
    assert fails(made).startswith(
        f"{module}: its update is NaN, infinite or larger than 1e9, in phase {phase} of step 1;"
    )


@SLOW
def test_a_frozen_module_that_is_too_large_is_reported_before_the_first_step(tmp_path):
    reason = fails(lane(tmp_path, "model.adapters.w_back.strength=1e30"))
    assert reason.startswith(
        "w_back: its norm is NaN, infinite or larger than 1e9, in phase warmup of step 0;"
    )


@SLOW
@pytest.mark.parametrize("together", [False, True], ids=["replicas", "runs"])
def test_the_diverging_replica_is_named(tmp_path, together):
    if together:
        lanes = [
            lane(tmp_path, *jump("w_in", 5, rate), f"seed={seed}")
            for seed, rate in ((4, 0.0), (9, 0.1))
        ]
        assert f"of step 6 ({lanes[1].folder.name}, seed 9);" in fails(*lanes)
    else:
        assert "of step 6 (" in fails(
            lane(tmp_path, *jump("w_in", 5), "runner.replicas=2", "seed=4")
        )


def synthetic_digits(*, learnable: bool) -> Dataset:
    draw = np.random.default_rng(1)
    templates = draw.integers(0, 256, (10, 28, 28, 1), np.uint8)
    digits = draw.integers(0, 10, EXAMPLES).astype(np.int32)
    images = (
        templates[digits] if learnable else draw.integers(0, 256, (EXAMPLES, 28, 28, 1), np.uint8)
    )
    test = Resident(images, digits if learnable else draw.permutation(digits))
    seen = Resident(images, digits)
    return Dataset(
        "random digits",
        seen,
        Resident(test.inputs[::-1], test.targets[::-1]),
        test,
        tuple("0123456789"),
    )


@pytest.mark.parametrize("learnable", [pytest.param(True, marks=SLOW), False])
def test_a_network_at_chance_is_reported(tmp_path, caplog, learnable):
    made = lane(tmp_path)
    with caplog.at_level(logging.WARNING):
        (summary,) = train([made], synthetic_digits(learnable=learnable))
    assert summary["status"] == "finished"
    assert (
        summary["metrics"]["eval/at_chance"]
        == summary["metrics"]["test/at_chance"]
        == float(not learnable)
    )
    assert ("warning" in summary) is not learnable
    if not learnable:
        assert f"test accuracy {summary['metrics']['test/accuracy']:.2%}" in summary["warning"]
        assert "at chance" in made.folder.log.read_text()


@pytest.mark.parametrize(("examples", "share"), [(50, 0.1), (400, 0.3), (7, 0.5), (60, 0.95)])
def test_the_bound_of_chance_is_that_of_the_binomial(examples, share):
    """Oracle: the sum over all outcomes at least as good; a perfect network is not at chance."""
    accuracies = np.arange(examples + 1) / examples
    pmf = [
        math.comb(examples, k) * share**k * (1 - share) ** (examples - k)
        for k in range(examples + 1)
    ]
    expected = [sum(pmf[k:]) >= 0.01 and k < examples for k in range(examples + 1)]
    assert at_chance(accuracies, examples, share).tolist() == expected
    assert not at_chance(np.array([1.0]), examples, 1.0).any()


def test_no_warning_without_a_measure():
    assert format_chance_warning({"eval/accuracy": 0.1}) is None


def test_two_runs_of_one_seed_are_bit_identical(tmp_path):
    one, other = (lane(tmp_path) for _ in range(2))
    for each in (one, other):
        train([each], dataset())
    files = sorted(path.name for path in one.folder.checkpoints.iterdir())
    assert files == sorted(path.name for path in other.folder.checkpoints.iterdir())
    for name in files:
        arrays, same = (
            load_file(one.folder.checkpoints / name),
            load_file(other.folder.checkpoints / name),
        )
        assert {leaf: array.tobytes() for leaf, array in arrays.items()} == {
            leaf: a.tobytes() for leaf, a in same.items()
        }
    rows = [
        [json.loads(line) for line in each.folder.metrics.read_text().splitlines()]
        for each in (one, other)
    ]
    kept = [
        [{k: v for k, v in row.items() if not k.startswith("time/")} for row in found]
        for found in rows
    ]
    assert kept[0] == kept[1]
