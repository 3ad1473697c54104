"""Observables of a package outside darnax, and magnetisation. Oracle: their equations."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import darnax
from darnax.errors import RequestError
from darnax.learning import init_optimizer, train_step
from darnax.observables import Magnetisation
from darnax.schedule import run_phases
from darnax.sweeps.logged_metrics import logged_names
from darnax.tracking.console import Console

TINY = [
    "+experiment=associations",
    "data.source.inputs=20",
    "data.source.outputs=8",
    "data.batch_size=6",
    "data.source.load=0.6",
    "data.source.seed=0",
    "runner.epochs=2",
    "tracking=local",
]
TRUST = "trust=[extlab]"
POWER = "+observables.label={_target_: extlab.observable.LabelPower, factor: 2.5}"
MAGNETISATION = "+observables=magnetisation"
WATCHED = ("label/power", "label/first", "magnetisation/hidden1")


def train(place: Path, *words: str) -> darnax.Run:
    return darnax.train(*TINY, f"paths.outputs={place}", *words)


def rows(run: darnax.Run) -> list[dict]:
    """Return the rows of training without the times."""
    lines = (run.folder / "metrics.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [
        {name: value for name, value in row.items() if not name.startswith("time/")}
        for row in found
        if "time/compile_seconds" not in row
    ]


def test_an_observable_is_in_every_row_and_changes_nothing(tmp_path):
    run = train(tmp_path, TRUST, POWER)
    plain = train(tmp_path)
    assert [row["label/power"] for row in rows(run)] == [2.5] * len(rows(run))
    assert all(-1 <= row["label/first"] <= 1 for row in rows(run))
    assert "label/power" in run.metrics
    assert run.summary["metrics"]["label/power"] == 2.5
    others = [
        {name: value for name, value in row.items() if not name.startswith("label/")}
        for row in rows(run)
    ]
    assert others == [pytest.approx(row) for row in rows(plain)]


def test_a_number_used_in_python_control_flow_is_compiled_in(tmp_path):
    run = train(tmp_path, TRUST, "+observables.count={_target_: extlab.observable.Count, power: 2}")
    phases = run.config["dynamics"]["train"]
    assert rows(run)[-1]["count"] == len(phases) ** 2


@pytest.mark.parametrize("phase", [None, "clamped"])
def test_magnetisation_is_the_mean_state_at_the_end_of_a_phase(phase):
    network, state, phases, optimizer = darnax.build(darnax.compose(*TINY))
    x, y = (np.sign(np.random.default_rng(n).normal(size=(6, s))) for n, s in ((0, 20), (1, 8)))
    x, y = (jnp.asarray(a, jnp.float32) for a in (x, y))
    key = jax.random.key(3)

    @eqx.filter_jit
    def relax(network, x, y):
        ends = dict(run_phases(network, state.init(x, y), phases.train, key))
        return ends[phase or list(phases.train)[-1]].state[1]

    opt_state = init_optimizer(network, optimizer, phases.train)
    output = eqx.filter_jit(train_step)(
        network,
        optimizer,
        opt_state,
        state,
        phases.train,
        x,
        y,
        key,
        observables={"m": Magnetisation(phase)},
    )
    found = {name: v for name, v in output.metrics.items() if name.startswith("m/")}
    assert found.keys() == {"m/hidden1"}
    assert float(found["m/hidden1"]) == pytest.approx(
        np.asarray(relax(network, x, y)).mean(), abs=1e-6
    )


@pytest.mark.slow
def test_replicas_are_averaged(tmp_path):
    alone = [train(tmp_path, TRUST, POWER, f"seed={seed}") for seed in (4, 5)]
    both = train(tmp_path, TRUST, POWER, "seed=4", "runner.replicas=2")
    name = "label/first"  # it depends on the order of the examples alone, and so on the seed
    assert rows(alone[0]) != rows(alone[1])
    expected = [
        (one[name] + other[name]) / 2
        for one, other in zip(*(rows(run) for run in alone), strict=True)
    ]
    assert [row[name] for row in rows(both)] == pytest.approx(expected, abs=1e-5)


def test_points_of_a_batched_sweep_have_their_own_numbers(tmp_path, monkeypatch):
    from darnax.sweeps import batched

    groups = []
    run_group = batched.run_group
    monkeypatch.setattr(
        batched, "run_group", lambda *given: groups.append(run_group(*given)) or groups[-1]
    )
    sweep = darnax.sweep(
        *TINY,
        f"paths.outputs={tmp_path}",
        TRUST,
        "hydra/launcher=batched",
        "+observables.label._target_=extlab.observable.LabelPower",
        "+observables.label.factor=1.5,3.0",
    )
    assert groups == [True]  # one program for both
    found = {run.config["observables"]["label"]["factor"]: rows(run) for run in sweep.runs}
    assert found.keys() == {1.5, 3.0}
    for factor, logged_rows in found.items():
        assert {row["label/power"] for row in logged_rows} == {factor}


def test_a_run_that_is_resumed_has_the_same_numbers(tmp_path):
    stop = "+tracking.stop={_target_: extlab.tracker.Stop, step: 1}"
    with pytest.raises(darnax.Interrupted) as caught:
        train(tmp_path, TRUST, POWER, MAGNETISATION, stop)
    run = darnax.load(caught.value.folder).resume(TRUST)
    assert rows(run) == rows(train(tmp_path, TRUST, POWER, MAGNETISATION))


@pytest.mark.slow
def test_observables_are_averaged_over_devices(tmp_path):
    """Oracle: one device; two virtual devices are requested in a separate process."""
    one = train(tmp_path / "one", TRUST, POWER, MAGNETISATION)
    words = [*TINY, f"paths.outputs={tmp_path / 'two'}", TRUST, POWER, MAGNETISATION]
    code = f"import darnax; print(darnax.train(*{[*words, 'runner.devices=2']!r}).folder)"
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=2"
    path = f"{Path(__file__).parent}:{os.environ.get('PYTHONPATH', '')}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"XLA_FLAGS": flags, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    two = darnax.load(done.stdout.strip(), trust=["extlab"])
    assert two.config["runner"]["devices"] == 2
    for name in WATCHED:
        expected = [row[name] for row in rows(one)]
        assert [row[name] for row in rows(two)] == pytest.approx(expected, abs=1e-5), name


def test_a_search_may_optimise_an_observable():
    experiment = darnax.builder.build(darnax.compose(*TINY, TRUST, POWER, MAGNETISATION))
    assert set(WATCHED) <= set(logged_names(experiment))


REFUSED = {
    "a wrong argument": (
        [TRUST, POWER, "observables.label.factor=high"],
        'observables.label.factor: got "high", expected a number',
    ),
    "a misspelt argument": (
        [MAGNETISATION, "+observables.magnetisation.phas=x"],
        "observables.magnetisation.phas: Magnetisation has no such argument; did you mean phase?",
    ),
    "an unknown phase": (
        [MAGNETISATION, "observables.magnetisation.phase=x"],
        "observables.magnetisation: got phase 'x', expected one of warmup, clamped, free",
    ),
    "no number": (
        [TRUST, "+observables.whole={_target_: extlab.observable.Whole}"],
        "observables.whole: whole: got an array of shape [2, 8], expected a number",
    ),
    "another class": (
        [TRUST, "+observables.x={_target_: extlab.tracker.Stop, step: 1}"],
        "observables.x._target_: extlab.tracker.Stop is no Observable",
    ),
    "a reserved metric name": (
        ["+observables.norm={_target_: darnax.observables.Magnetisation}"],
        "observables.norm: norm is taken by what every run logs",
    ),
    "a reserved prefix": (
        [TRUST, "+observables.x={_target_: extlab.observable.Named, key: at_chance}"],
        "observables.x: the key at_chance is taken",
    ),
    "an invalid metric name": (
        ["+observables={3m: {_target_: darnax.observables.Magnetisation}}"],
        'observables.3m: got "3m", expected a name',
    ),
    "a package that is not trusted": ([POWER], "trust=[extlab]"),
    "an unknown metric to show": (
        [MAGNETISATION, "tracking.console={show: [magnetization/hidden1]}"],
        "tracking.console.show: there is no metric magnetization/hidden1; "
        "did you mean magnetisation/hidden1?",
    ),
    "an unknown metric that resembles none": (
        ["tracking.console={show: [nosuch]}"],
        "tracking.console.show: there is no metric nosuch; there are: train/…, eval/…, test/…, "
        "best/…, relax/…, overlap/…, unstable/…, norm/…, update/…, operations/…, time/…",
    ),
    "a misspelt key of the console": (
        ["tracking.console={shw: []}"],
        "tracking.console.shw: there is no such key; did you mean show?",
    ),
    "a console of another type": (
        ["tracking.console=3"],
        "tracking.console: got 3, expected true, false, or a mapping",
    ),
}


@pytest.mark.parametrize(("words", "says"), REFUSED.values(), ids=REFUSED)
def test_wrong_requests_are_refused_with_the_path(tmp_path, words, says):
    with pytest.raises(RequestError) as caught:
        train(tmp_path, *words)
    assert says in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_the_progress_line_shows_the_requested_metric(tmp_path, capsys):
    words = [TRUST, POWER, "tracking.console={show: [label/power]}", f"paths.outputs={tmp_path}"]
    darnax.train(*TINY, *words, progress=True)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert lines
    assert all("  label/power 2.5  " in line for line in lines)


def test_the_progress_line_shows_no_other_number():
    stream = io.StringIO()
    console = Console(2, epochs=1, show=["a/b"], stream=stream)
    console.log({"a/b": 0.12345, "c/d": 9.0, "train/accuracy": 0.5}, step=1, epoch=0.5)
    assert stream.getvalue().splitlines() == ["compiling…"]  # no epoch has ended
    console.log({"a/b": 0.25, "c/d": 9.0, "train/accuracy": 0.5}, step=2, epoch=1)
    assert stream.getvalue().splitlines()[1:] == ["epoch 1/1  step 2/2  train 50.00%  a/b 0.25"]
