"""Compiled programs. Oracles: one network on one device; compilations counted by JAX."""

from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import pytest
from synthetic_task import EXAMPLES, dataset, experiment
from virtual_devices import run_on_devices

from darnax.data import Streamed
from darnax.data.reader import Arrays
from darnax.errors import RequestError
from darnax.runner import programs, train_program
from darnax.runner.evaluate import evaluate
from darnax.runner.programs import (
    ParallelRuns,
    evaluate_window,
    initialise,
    shuffle,
    train_chunk,
)
from darnax.runner.run_folder import RunFolder
from darnax.runner.run_session import RunSession
from darnax.runner.stop_signals import StopRequest
from darnax.runner.train_program import TrainState
from darnax.runner.training_loop import ROWS_PER_EPOCH, TrainingLoop

POINTS = (
    ["model.layers.hidden.j_d=0.4", "model.layers.hidden.threshold=3"],
    ["optimizer.groups.w_in.learning_rate.init_value=0.9"],
)
ZERO, STEPS = np.int32(0), np.int32(3)


def trained(runs: ParallelRuns) -> tuple[TrainState, dict, np.ndarray]:
    """Return the train state after a few steps, its metrics, and the scores of its answers."""
    window, keys = runs.to_devices(next(dataset().train.windows(0))), runs.keys()
    order = shuffle(keys.order, ZERO, ZERO, window.count)
    place = ZERO, ZERO, ZERO, STEPS
    state, metrics, _ = train_chunk(
        runs.program, runs.initial_state(), keys.noise, order, *window[:2], *place
    )
    scores, _ = evaluate_window(runs.program, state.arrays, *window[:2])
    return state, metrics, np.asarray(scores)


def assert_close(one, other) -> None:
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), one, other)


@pytest.fixture
def compilations() -> Iterator[list[str]]:
    """Collect the names of compiled programs, in order."""
    names: list[str] = []

    def note(event: str, seconds: float, **facts: str) -> None:
        if event.endswith("backend_compile_duration"):
            names.append(facts["fun_name"])

    jax.monitoring.register_event_duration_secs_listener(note)
    yield names
    jax.monitoring.unregister_event_duration_listener(note)


@pytest.mark.slow  # test_lanes.py has the same oracle
def test_every_lane_trains_as_a_single_run():
    points = [experiment("seed=5", *POINTS[0]), experiment("seed=9", *POINTS[1])]
    together = trained(ParallelRuns(points, 10))
    for lane, point in enumerate(points):
        alone = trained(ParallelRuns([point], 10))
        assert_close(alone, jax.tree.map(lambda leaf, at=lane: leaf[at], together))


@pytest.mark.slow
def test_replicas_are_runs_with_the_next_seeds():
    together = trained(ParallelRuns([experiment("seed=3", "runner.replicas=2")], 10))
    for lane in range(2):
        alone = trained(ParallelRuns([experiment(f"seed={3 + lane}")], 10))
        assert_close(alone, jax.tree.map(lambda leaf, at=lane: leaf[at], together))


def test_replicas_are_lanes_of_the_next_seeds():
    both = ParallelRuns([experiment("seed=3", "runner.replicas=2")], 10)
    assert both.seeds == [3, 4]
    for lane in range(2):
        alone = ParallelRuns([experiment(f"seed={3 + lane}")], 10).keys()
        jax.tree.map(
            lambda one, many, at=lane: np.testing.assert_array_equal(
                *map(jax.random.key_data, (one, many[at]))
            ),
            alone,
            both.keys(),
        )


@pytest.mark.slow  # with noise, below, is the same and more
def test_runs_that_differ_in_numbers_share_their_programs(compilations):
    trained(ParallelRuns([experiment()], 10))
    compilations.clear()
    trained(ParallelRuns([experiment("seed=8", *POINTS[0], *POINTS[1])], 10))
    assert not compilations


@pytest.mark.slow
def test_runs_of_other_shapes_share_no_program(compilations):
    trained(ParallelRuns([experiment()], 10))
    compilations.clear()
    trained(ParallelRuns([experiment("model.features=50")], 10))
    assert {"jit(initialise)", "jit(train_chunk)", "jit(evaluate_window)"} <= set(compilations)


def test_phases_are_measured_in_some_batches_and_the_weights_stay_the_same():
    """Oracle: batches trained one by one, every one measured."""
    runs = ParallelRuns([experiment()], 10)
    window, keys = runs.to_devices(next(dataset().train.windows(0))), runs.keys()
    order = shuffle(keys.order, ZERO, ZERO, window.count)

    def train(of: ParallelRuns, state: TrainState, first: int, last: int):
        place = ZERO, ZERO, np.int32(first), np.int32(last)
        return train_chunk(of.program, state, keys.noise, order, *window[:2], *place)[:2]

    state, singly = runs.initial_state(), []
    for batch in range(7):
        state, metrics = train(runs, state, batch, batch + 1)
        singly.append(metrics)
    some = ParallelRuns([experiment("runner.measure_every=3")], 10)
    found_state, found = train(some, runs.initial_state(), 0, 7)
    jax.tree.map(np.testing.assert_array_equal, found_state, state)
    assert found.keys() == singly[0].keys()
    for name, value in found.items():
        measured = name.startswith(("relax/", "overlap/", "unstable/"))
        chosen = singly[::3] if measured else singly
        if not name.startswith("norm/"):  # of the weights at the end
            mean = np.mean([metrics[name] for metrics in chosen])
            np.testing.assert_allclose(value, mean, rtol=1e-5, err_msg=name)


@pytest.fixture
def loop(tmp_path: Path) -> TrainingLoop:
    folder = RunFolder.create(tmp_path, "counted", {}, [], command=[])
    return TrainingLoop(
        [RunSession(experiment("runner.epochs=2"), folder, lambda progress: Silent())], dataset()
    )


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """Collect the arguments of every call of the Python function of a training step."""
    calls, learn = [], train_program.train_step

    def count(*arguments, **choices):
        calls.append(arguments)
        return learn(*arguments, **choices)

    monkeypatch.setattr(train_program, "train_step", count)
    return calls


def test_the_programs_of_a_run(loop, compilations, traces):
    """Every large program is compiled once, for any number of epochs and batches per chunk.

    A training step is traced once: oracle, the calls of its Python function.
    """
    for program in (initialise, shuffle, train_chunk, evaluate_window):
        program.jitted.clear_cache()
    programs.train_step.clear_cache()
    compilations.clear()
    loop.run(StopRequest())
    assert len(traces) == 1
    long = [
        name
        for name in compilations
        if name in ("jit(initialise)", "jit(shuffle)", "jit(train_chunk)", "jit(evaluate_window)")
    ]
    assert sorted(long) == [
        "jit(evaluate_window)",
        "jit(shuffle)",
        "jit(train_chunk)",
    ]  # the network was drawn before


def test_transfers_to_the_host_per_epoch(loop, monkeypatch):
    """One small dictionary per chunk, nothing per batch; the train state only for checkpoints."""
    fetched = []
    device_get = jax.device_get
    monkeypatch.setattr(jax, "device_get", lambda tree: fetched.append(tree) or device_get(tree))
    chunks = list(loop.chunks())
    assert len(chunks) == len(fetched) == min(ROWS_PER_EPOCH, EXAMPLES // 16)
    assert all(value.size < 20 for tree in fetched for value in jax.tree.leaves(tree))


class Silent:
    def log(self, metrics, step, epoch) -> None: ...

    def finish(self, summary) -> None: ...


DISTURBED = ["+data.disturb.noise={share: 0.3, when: always}", "+data.disturb.shift.pixels=2"]
WEAKER = [*DISTURBED, "data.disturb.noise.share=0.1", "seed=4"]


def test_random_stages_draw_alike_in_every_run_of_a_program():
    """Oracle: the program of one run, bit for bit; in training and in evaluation."""
    points = [experiment("seed=5", *DISTURBED), experiment(*WEAKER)]
    together = ParallelRuns(points, 10)
    window, index = next(dataset().train.windows(0)), np.array([7, 3, 159])

    def encode(runs: ParallelRuns, key) -> list:
        def one(program, key):
            trained, _ = program.encode_batch(*window[:2], index, key)
            evaluated, _ = program.encode_batch(*window[:2], index)
            return trained, evaluated

        return jax.jit(runs.program.vmap_over_runs(one))(runs.program, key)

    found = encode(together, together.keys().noise)
    for run, point in enumerate(points):
        alone = ParallelRuns([point], 10)
        for one, many in zip(encode(alone, alone.keys().noise), found, strict=True):
            np.testing.assert_array_equal(one, many[run])
    assert not np.array_equal(found[0][0], found[0][1])


def test_noise_levels_and_other_numbers_share_their_programs(compilations):
    trained(ParallelRuns([experiment(*DISTURBED)], 10))
    compilations.clear()
    trained(ParallelRuns([experiment(*WEAKER, *POINTS[0], *POINTS[1])], 10))
    assert not compilations


def test_an_evaluation_by_windows_disturbs_every_example_as_one_of_the_whole():
    """Oracle: the split as one window, bit for bit."""
    runs = ParallelRuns([experiment(*DISTURBED)], 10)
    arrays, split = runs.initial_state().arrays, dataset().test
    parts = Streamed(
        lambda index: Arrays(split.inputs[index], split.targets[index]),
        np.arange(EXAMPLES),
        60,
        seed=0,
    )
    assert np.array_equal(
        evaluate(runs, arrays, split).scores, evaluate(runs, arrays, parts).scores
    )


@pytest.mark.slow  # test_schemes.py has disturbed examples on two devices
@pytest.mark.parametrize(("devices", "words"), [(2, DISTURBED), (8, []), (8, DISTURBED)])
def test_splitting_batches_over_devices_keeps_results(devices, words):
    """Oracle: one device; eight virtual devices are requested in a separate process."""
    code = f"""
from synthetic_task import experiment
from test_programs import assert_close, trained
from darnax.runner.programs import ParallelRuns
one = trained(ParallelRuns([experiment(*{words})], 10))
many = trained(ParallelRuns([experiment("runner.devices={devices}", *{words})], 10))
assert len(many[0].arrays.layer_map[1, 1].J.sharding.device_set) == {devices}
assert_close(one, many)
"""
    run_on_devices(code, 8, Path(__file__).parent, Path(__file__).parents[2])


def test_more_devices_than_available_are_refused():
    with pytest.raises(RequestError, match=r"runner\.devices: got 64, but there"):
        ParallelRuns([experiment("runner.devices=64")], 10)


def test_devices_that_do_not_divide_the_batch_are_refused(monkeypatch):
    monkeypatch.setattr(jax, "local_devices", lambda: jax.devices() * 3)
    with pytest.raises(
        RequestError, match=r"data\.batch_size: 3 devices cannot share 16 examples evenly"
    ):
        ParallelRuns([experiment("runner.devices=3")], 10)
