"""A run stopped or killed at random and resumed. Oracle: the uninterrupted run, bit by bit."""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, currently_in_test_context, event, given, settings
from hypothesis import strategies as st
from own_data import KINDS, write
from safetensors import safe_open
from safetensors.numpy import load_file
from shipped_schemes import COMPOSITES, OF_SCHEME, SCHEMES
from small_experiments import digits

from darnax.builder import build
from darnax.composing.composer import compose
from darnax.data import Dataset, Resident, Streamed
from darnax.data.reader import Arrays
from darnax.laboratory.data_filling import DataFiller
from darnax.laboratory.data_opening import open_choice
from darnax.laboratory.fitted_encoding import with_stored_encoding
from darnax.runner import checkpoint
from darnax.runner.experiment import Experiment
from darnax.runner.run_folder import RunFolder
from darnax.runner.run_session import RunSession
from darnax.runner.stop_signals import Interrupted
from darnax.runner.train import train
from darnax.tracking import Composite, Tracker
from darnax.tracking.jsonl import Jsonl
from darnax.tracking.skip_replayed import SkipReplayed

ONCE = (Phase.explicit, Phase.generate)  # shrinking would train for many minutes
FREELY = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "phases": ONCE,
}
SMALL = [
    "+experiment=digits_smoke",
    "model.depth=1",
    "model.features=30",
    "tracking=local",
    "data.batch_size=1",
]
SGD = "optimizer.groups.hidden.learning_rate.init_value"


class Killed(BaseException):
    """Stands for the end of the process by a kill."""


@dataclass(frozen=True)
class Stop:
    """How and where a session ends; a signal acts after the chunk, a kill at once.

    `damage` then corrupts the newest checkpoint.
    """

    how: str
    at: int
    damage: bool


HOW = [
    "SIGINT",
    "SIGTERM",
    "SIGUSR1",
    "killed before a row",
    "killed in a row",
    "killed after a row",
    "killed in a checkpoint",
]
STOPS = st.lists(
    st.builds(Stop, st.sampled_from(HOW), st.integers(0, 45), st.booleans()), min_size=1, max_size=3
)


class Interrupting(Tracker):
    """Causes a stop between the record of the run and the dashboard."""

    def __init__(self, record: Jsonl, stop: Stop | None) -> None:
        self.record, self.stop, self.rows = record, stop, 0

    def log(self, metrics, *, step: int, epoch: float) -> None:
        now = self.stop is not None and self.rows == self.stop.at
        self.rows += 1
        if now and self.stop.how == "killed before a row":
            raise Killed
        if now and self.stop.how == "killed in a row":
            self.record.file.write('{"step": 1, "ep')
            self.record.file.flush()
            raise Killed
        self.record.log(metrics, step=step, epoch=epoch)
        if now and self.stop.how == "killed after a row":
            raise Killed
        if now and self.stop.how.startswith("SIG"):
            os.kill(os.getpid(), getattr(signal, self.stop.how))

    def finish(self, summary) -> None:
        self.record.finish(summary)


class Dashboard(Tracker):
    """Keeps the rows of all sessions, as W&B does."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def log(self, metrics, *, step: int, epoch: float) -> None:
        self.rows.append({"step": step, "epoch": epoch, **metrics})

    def finish(self, summary) -> None:
        pass


def killing(stop: Stop | None) -> Callable[[Path, bytes], None]:
    """Patch the writing of checkpoints: one is killed with half of it in a temporary file."""
    write, count = checkpoint.write_atomically, iter(range(10**6))

    def write_or_die(path: Path, content: bytes) -> None:
        if (
            stop is not None
            and stop.how == "killed in a checkpoint"
            and next(count) == stop.at // 10
        ):
            path.with_name(f".{path.name}.99.tmp").write_bytes(content[: len(content) // 2])
            raise Killed
        write(path, content)

    return write_or_die


@cache
def experiment(*overrides: str) -> Experiment:
    return build(compose(list(overrides), fill=DataFiller()))


Opened = Dataset | Callable[[], Dataset]  # the data, or a function that opens them anew


def session(
    folder: RunFolder, overrides: list[str], data: Opened, board: Dashboard, stop: Stop | None
) -> bool:
    """Train until the end or a stop; return whether it was the end."""
    data = data() if callable(data) else data

    def tracker(progress) -> Tracker:
        record = Jsonl(folder.metrics, progress.step)
        return Composite([Interrupting(record, stop), SkipReplayed(board, record.last_reported)])

    fitted = with_stored_encoding(experiment(*overrides), folder, data)
    lane = RunSession(fitted, folder, tracker)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "write_atomically", killing(stop))
        try:
            train([lane], data)
        except (Killed, Interrupted):
            if currently_in_test_context():
                event(stop.how)
            if stop.damage and (newest := checkpoint.find_latest(folder.checkpoints)):
                newest.write_bytes(newest.read_bytes()[:-1])
            return False
    return True


def run(
    place: Path, overrides: list[str], data: Opened, stops: list[Stop], cases: Counter[str]
) -> tuple[RunFolder, Dashboard]:
    """Train to the end, in as many sessions as needed."""
    folder, board = RunFolder.create(place, "run", {"seed": 0}, [], command=[]), Dashboard()
    for stop in [*stops, None]:
        if session(folder, overrides, data, board, stop):
            break
        cases["interruptions"] += 1
    return folder, board


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: without_times(v)
            for name, v in value.items()
            if "seconds" not in name and "per_second" not in name
        }
    return value


def rows_with_metrics(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows that hold more than times; each start writes a row of times only."""
    return [row for row in map(without_times, rows) if row.keys() > {"step", "epoch"}]


def meta(path: Path) -> Any:
    with safe_open(path, "numpy") as file:
        return without_times(json.loads(file.metadata()["darnax"])["meta"])


def assert_same(one: RunFolder, other: RunFolder) -> None:
    rows, expected = (
        list(map(json.loads, f.metrics.read_text().splitlines())) for f in (one, other)
    )
    assert rows_with_metrics(rows) == rows_with_metrics(expected)
    steps = [row["step"] for row in rows_with_metrics(rows)]
    assert sorted(set(steps)) == steps
    assert without_times(one.summary()) == without_times(other.summary())
    names, wanted_names = (
        sorted(path.name for path in folder.checkpoints.iterdir()) for folder in (one, other)
    )
    assert names == wanted_names
    for name in names:
        arrays, wanted = load_file(one.checkpoints / name), load_file(other.checkpoints / name)
        assert arrays.keys() == wanted.keys()
        for leaf, array in wanted.items():
            assert arrays[leaf].dtype == array.dtype
            np.testing.assert_array_equal(
                arrays[leaf], array, err_msg=f"{name} {leaf}", strict=True
            )
        assert meta(one.checkpoints / name) == meta(other.checkpoints / name)
    assert "best.safetensors" in names
    assert any(name.startswith("step-") for name in names)


def check(
    place: Path, overrides: list[str], data: Opened, stops: list[Stop], cases: Counter[str]
) -> None:
    (whole, expected), (parts, found) = (
        run(place, overrides, data, some, cases) for some in ([], stops)
    )
    cases["runs"] += 1
    assert_same(parts, whole)
    assert_dashboard(rows_with_metrics(found.rows), rows_with_metrics(expected.rows), stops)


def assert_dashboard(
    rows: list[dict[str, Any]], expected: list[dict[str, Any]], stops: list[Stop]
) -> None:
    """A kill between record and dashboard loses at most one row; no row is sent twice."""
    assert all(row in expected for row in rows)
    assert len([row for row in expected if row not in rows]) <= sum(
        stop.how == "killed after a row" for stop in stops
    )
    steps = [row["step"] for row in rows]
    assert sorted(set(steps)) == steps


@settings(max_examples=3, derandomize=True, **FREELY)
@given(
    seed=st.integers(0, 1000),
    rate=st.floats(0.01, 1),
    every=st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 3)),
    stops=STOPS,
)
def test_a_run_stopped_anywhere_equals_one_never_stopped(
    tmp_path_factory, cases, seed, rate, every, stops
):
    numbers = [f"seed={seed}", f"{SGD}={rate}"]
    numbers += [
        f"runner.{name}={n}"
        for name, n in zip(("evaluate_every", "checkpoint_every", "keep"), every, strict=True)
    ]
    check(
        tmp_path_factory.mktemp("runs"),
        [*SMALL, *numbers, "runner.epochs=2"],
        digits(10),
        stops,
        cases,
    )


ADAM = [
    "~optimizer.groups.w_in",
    "+optimizer.groups.w_in={_target_: optax.adam, learning_rate: 0.01}",
    "~optimizer.groups.hidden",
    "+optimizer.groups.hidden={_target_: optax.adamw, learning_rate: 0.01, weight_decay: 0.1}",
]
CHAIN = [
    "~optimizer.default",
    "+optimizer.default.shrink={_target_: optax.add_decayed_weights, weight_decay: 0.01}",
    "+optimizer.default.descend={_target_: optax.adam, learning_rate: 0.01}",
]
MOMENTUM = [
    "~optimizer.default",
    "+optimizer.default={_target_: optax.sgd, learning_rate: 0.05, momentum: 0.9}",
]
OPTIMISERS = [[], ADAM, MOMENTUM, CHAIN]
# The rows at which a session is stopped: one at the start, then four epochs of 20 steps.
STOPPED = {
    "in an epoch": ("runner.keep=2", [70]),
    "twice in an epoch": ("runner.keep=3", [65, 10]),
    "after an epoch that has no checkpoint": ("runner.checkpoint_every=2", [60]),
    "at a step of keep_every": ("runner.checkpoint_every=4 runner.keep_every=1", [20, 20]),
    "at the start, which is a multiple of every step": ("runner.keep_every=3", [0]),
}


FIRST, *OTHERS = STOPPED


@pytest.mark.parametrize(
    "case", [FIRST, *(pytest.param(case, marks=pytest.mark.slow) for case in OTHERS)]
)
def test_a_stopped_run_keeps_the_checkpoints_of_one_never_stopped(tmp_path, cases, case):
    keeping, rows = STOPPED[case]
    few = ["data.batch_size=2", "model.features=10", "runner.epochs=4", "runner.keep=2"]
    stops = [Stop("SIGTERM", at, damage=False) for at in rows]
    check(tmp_path, [*SMALL, *CHAIN, *few, *keeping.split()], digits(10), stops, cases)


TINY = ["model.features=6", "tracking=local", "data.batch_size=4", "data.validation=0"]


@pytest.mark.slow  # their train states are saved as those of the other tests
@pytest.mark.parametrize(
    ("scheme", "words"), [*((name, []) for name in SCHEMES), *COMPOSITES.items()]
)
def test_a_stopped_run_of_every_scheme_equals_one_never_stopped(tmp_path, cases, scheme, words):
    few = ["runner.epochs=2", "runner.evaluate_every=1", "runner.keep=2"]
    stops = [Stop("SIGTERM", 13, damage=False), Stop("killed after a row", 4, damage=False)]
    overrides = [f"+experiment=mnist_{scheme}", *TINY, *few, *OF_SCHEME.get(scheme, []), *words]
    check(tmp_path, overrides, digits(10), stops, cases)
    assert cases["interruptions"] == 2


DISTURBED = [
    "+data.disturb.noise={share: 0.2, when: always}",
    "+data.disturb.shift.pixels=2",
    "+data.encode.channels={_target_: darnax.data.StandardiseChannels}",
]


def test_a_stopped_run_with_random_and_fitted_stages_is_never_stopped(tmp_path, cases):
    stops = [Stop("SIGTERM", 30, damage=False), Stop("killed before a row", 8, damage=False)]
    check(tmp_path, [*SMALL, *DISTURBED, "runner.epochs=2"], digits(10), stops, cases)


@pytest.mark.parametrize(
    "kind", ["folder", *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS[1:])]
)
def test_a_stopped_run_opens_its_own_data_again_as_they_were(tmp_path, cases, kind):
    few = ["data.batch_size=3", "runner.epochs=3"]
    overrides = [*SMALL, *write(kind, tmp_path), *few]
    stops = [Stop("SIGTERM", 4, damage=False), Stop("killed before a row", 3, damage=False)]

    def opened() -> Dataset:
        return open_choice(experiment(*overrides).data)

    check(tmp_path, overrides, opened, stops, cases)


ORDERS = ["Sequential", "Parallel", "Asynchronous"]
PHASES = ["recall", "published"]


@cache
def streamed() -> Dataset:
    """Stream the random images in windows, shuffled in every epoch."""
    split = digits(10).train
    read = Streamed(
        lambda index: Arrays(split.inputs[index], split.targets[index]),
        np.arange(len(split)),
        15,
        seed=3,
    )
    return Dataset(
        "mnist",
        read,
        Resident(split.inputs[::-1], split.targets[::-1]),
        split,
        digits(10).class_names,
    )


@st.composite
def configurations(draw: st.DrawFn) -> Iterator[list[str]]:
    choose: Callable[..., Any] = lambda *values: draw(st.sampled_from(values))  # noqa: E731
    order = choose(*ORDERS)
    return [
        *SMALL,
        *choose(*OPTIMISERS),
        *choose([], DISTURBED),
        f"dynamics={choose(*PHASES)}",
        f"dynamics.orchestrator._target_=darnax.orchestrators.{order}Orchestrator",
        f"model.depth={choose(1, 2)}",
        f"data.batch_size={choose(1, 2, 5, 7)}",
        f"runner.replicas={choose(1, 1, 3)}",
        f"runner.epochs={choose(1, 2, 5)}",
        *(f"runner.{name}_every={choose(1, 2, 7)}" for name in ("evaluate", "checkpoint")),
        f"runner.keep_every={choose('null', 2)}",
        f"runner.limit_batches={choose('null', 3)}",
        f"seed={draw(st.integers(0, 2**20))}",
    ]


@pytest.mark.slow
@settings(max_examples=60, derandomize=True, **FREELY)
@given(overrides=configurations(), data=st.sampled_from([digits, streamed]), stops=STOPS)
def test_runs_of_any_configuration_equal_ones_never_stopped(
    tmp_path_factory, cases, overrides, data, stops
):
    check(
        tmp_path_factory.mktemp("runs"),
        overrides,
        data(10) if data is digits else data(),
        stops,
        cases,
    )
