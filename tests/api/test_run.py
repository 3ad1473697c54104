"""A run in Python. Oracles: the files of its folder, the command line, the runner's evaluation."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import yaml
from small import words
from typer.testing import CliRunner

import darnax
from darnax.api.predicting import predict_files
from darnax.cli.app import app
from darnax.errors import RequestError
from darnax.learning import init_optimizer, train_step
from darnax.schedule import run_phases

HEAVY = ("jax", "hydra", "typer", "wandb", "trackio", "tensorflow_datasets", "numpy")


def test_importing_darnax_loads_nothing_heavy() -> None:
    code = f"import sys, darnax; dir(darnax); print(sorted(set({HEAVY}) & sys.modules.keys()))"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "[]\n"
    )


def test_every_public_name_is_there_and_has_a_docstring() -> None:
    for name in darnax.__all__:
        assert getattr(darnax, name).__doc__, name
    assert set(darnax.__all__) <= set(dir(darnax))
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        darnax.trian  # noqa: B018


def test_a_run_equals_the_contents_of_its_folder(trained: darnax.Run) -> None:
    folder = trained.folder
    written = yaml.safe_load((folder / "config.yaml").read_text())
    assert trained.config | {"computed_from": written["computed_from"]} == written
    assert trained.summary == json.loads((folder / "summary.json").read_text())
    assert trained.status == "finished"
    assert "finished" in repr(trained)
    assert str(folder) in repr(trained)
    record = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    for name in ("train/accuracy", "eval/accuracy", "test/accuracy"):
        series, rows = trained.metrics[name], [row for row in record if name in row]
        assert series.values.tolist() == [row[name] for row in rows]
        assert series.steps.tolist() == [row["step"] for row in rows]
        assert series.epochs.tolist() == [row["epoch"] for row in rows]
    table = trained.to_pandas()
    assert len(table) == len(record)
    assert table["test/accuracy"].dropna().tolist() == [trained.summary["metrics"]["test/accuracy"]]
    with pytest.raises(KeyError, match=r"got eval/accurcy, expected one of .*eval/accuracy"):
        trained.metrics["eval/accurcy"]


def test_a_training_is_that_of_the_command_line(
    trained: darnax.Run, tmp_path: Path, mnist_directory: Path
) -> None:
    asked = words(tmp_path, mnist_directory, "runner.epochs=2", "seed=3")
    assert CliRunner().invoke(app, ["train", *asked]).exit_code == 0
    (other,) = darnax.runs(tmp_path)
    for name in (
        "train/accuracy",
        "eval/accuracy",
        "test/accuracy",
        "norm/w_out",
        "relax/free/flips",
    ):
        assert np.array_equal(other.metrics[name].values, trained.metrics[name].values)


def test_predictions_are_those_that_the_run_was_evaluated_by(trained: darnax.Run, digits) -> None:
    x, y = digits
    scores = trained.predict(x)
    assert scores.shape == (len(x), 10)
    evaluation = trained.evaluate()
    assert (scores.argmax(axis=1) == y).mean() == pytest.approx(evaluation.accuracy, abs=1e-12)
    assert evaluation.examples == len(x)
    assert evaluation.checkpoint in repr(evaluation)
    assert np.array_equal(trained.predict(x[:1]), trained.predict(x[:7])[:1])
    assert trained.predict(x[:0]).shape == (0, 10)


def test_states_have_the_names_of_the_buffers_and_are_fixed_points(
    trained: darnax.Run, digits
) -> None:
    x = digits[0][:7]
    states = trained.states(x)
    assert {name: array.shape[0] for name, array in states.items()} == dict.fromkeys(
        ("input", "hidden1", "hidden2", "output"), 7
    )
    assert set(np.unique(states["hidden1"])) <= {-1.0, 1.0}
    assert states["input"] == pytest.approx(x / 255, rel=1e-6)
    phases, network = trained.phases.infer, trained.network
    start = trained.state.init(trained.model.experiment.data.encode(jnp.asarray(x)))
    ends = run_phases(network, start, phases, jax.random.key(0))
    for name, end in ends:
        assert np.array_equal(trained.states(x, phase=name)["hidden2"], end.state[2])
    with pytest.raises(darnax.RequestError, match="phase: got recal, expected one of"):
        trained.states(x, phase="recal")


@pytest.mark.parametrize("shape", [(28, 28, 1), (5, 27, 28, 1), (5,), ()])
def test_inputs_of_another_shape_are_refused(trained: darnax.Run, shape: tuple[int, ...]) -> None:
    with pytest.raises(darnax.RequestError, match=r"^x: .*inputs of shape .*expected \(N, \*raw\)"):
        trained.predict(np.zeros(shape, np.uint8))


def test_inputs_that_were_divided_by_255_are_warned_of_once(
    trained: darnax.Run, digits, caplog: pytest.LogCaptureFixture
) -> None:
    """Oracle: the bytes themselves, and floats of the same values, which need no warning."""
    x = digits[0][:40]
    right = trained.predict(x)
    assert np.array_equal(trained.predict(x.astype(np.float64)), right)
    assert np.array_equal(trained.predict(np.zeros(x.shape)), trained.predict(np.zeros_like(x)))
    trained.predict(np.minimum(x, 1))  # bytes may be small
    trained.predict(x[:0] / 255)
    assert caplog.messages == []
    assert not np.array_equal(trained.predict(x / 255), right)
    (message,) = caplog.messages
    assert message.startswith("x: got floats from 0 to 1, expected bytes from 0 to 255")
    assert caplog.records[0].name.startswith("darnax.")


def test_a_file_that_was_divided_by_255_is_warned_of_once(
    trained: darnax.Run, digits, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Oracle: the scores of `predict`."""
    x = digits[0][:4] / 255
    np.save(tmp_path / "x.npy", x)
    found = predict_files(trained.model, [tmp_path / "x.npy"])
    (message,) = caplog.messages
    assert message.startswith(f"FILE {tmp_path / 'x.npy'}: got floats from 0 to 1")
    assert np.array_equal(found.scores, trained.predict(x))


def test_floats_of_an_encoding_without_bytes_are_not_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    words = ["+experiment=associations", "tracking=local", "runner.epochs=1"]
    run = darnax.train(*words, f"paths.outputs={tmp_path}")
    caplog.clear()
    run.predict(np.full((2, 100), 0.5))
    assert caplog.messages == []


def test_modules_are_found_by_their_names(trained: darnax.Run) -> None:
    layer_map = trained.network.layer_map
    for (edge, module), name in zip(layer_map.edge_items(), layer_map.names, strict=True):
        assert layer_map[name] is module is layer_map[edge]
        assert layer_map.names_by_edge()[edge] == name
    with pytest.raises(KeyError):
        layer_map["w_on"]


def test_an_exported_network_needs_no_folder(trained: darnax.Run, digits, tmp_path: Path) -> None:
    import safetensors.numpy

    x = digits[0][:50]
    file = trained.export(tmp_path / "digits.safetensors")
    model = darnax.load(file)
    assert np.array_equal(model.predict(x), trained.predict(x))
    assert model.config == trained.config
    names = safetensors.numpy.load_file(file)
    assert {"w_in/W", "hidden1/J", "w_out/W"} <= names.keys()
    assert np.array_equal(names["w_out/W"], np.asarray(trained.network.layer_map["w_out"].W))
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(darnax.RequestError, match=r"damaged\.safetensors: "):
        darnax.load(damaged)
    with pytest.raises(darnax.RequestError, match=r"expected FILE\.safetensors"):
        trained.export(tmp_path / "digits.npz")


def test_a_run_that_has_moved_is_loaded(trained: darnax.Run, digits, tmp_path: Path) -> None:
    moved = shutil.copytree(trained.folder, tmp_path / "copy")
    config = yaml.safe_load((moved / "config.yaml").read_text())
    config["paths"] = {"data": "/not/here", "outputs": "/not/here"}
    (moved / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    assert np.array_equal(darnax.load(moved).predict(digits[0][:5]), trained.predict(digits[0][:5]))


def test_invalid_requests_raise_the_messages_of_the_command_line(
    tmp_path: Path, mnist_directory: Path, capfd
) -> None:
    for wrong in (["+experiment=nope"], ["seed=-1"], ["data.batch_size=100000"]):
        asked = words(tmp_path, mnist_directory, *wrong)
        printed = CliRunner().invoke(app, ["train", *asked]).stderr
        capfd.readouterr()
        with pytest.raises(darnax.RequestError) as refused:
            darnax.train(*asked)
        assert " ".join(str(refused.value).split()) in " ".join(printed.split())
        assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())
    with pytest.raises(darnax.RequestError, match="there is no such folder"):
        darnax.load(tmp_path / "nothing")


def state_of_the_process() -> tuple:
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    return Path.cwd(), sys.argv[:], dict(os.environ), [signal.getsignal(each) for each in signals]


def test_a_function_does_not_change_the_state_of_the_process(
    tmp_path: Path, mnist_directory: Path, capfd
) -> None:
    before = state_of_the_process()
    darnax.train(*words(tmp_path, mnist_directory, "runner.epochs=1"))
    after = state_of_the_process()
    assert before == after
    assert capfd.readouterr() == ("", "")


def test_training_works_in_threads_and_under_asyncio(
    tmp_path: Path, mnist_directory: Path, trained: darnax.Run
) -> None:
    asked = words(tmp_path, mnist_directory, "runner.epochs=2")
    found: dict[int, darnax.Run] = {}

    def work(seed: int) -> None:
        found[seed] = darnax.train(*asked, f"seed={seed}")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    async def cell() -> darnax.Run:
        return darnax.train(*asked, "seed=3")

    last = asyncio.run(cell())
    expected = trained.metrics["test/accuracy"].values
    assert np.array_equal(found[3].metrics["test/accuracy"].values, expected)
    assert np.array_equal(last.metrics["test/accuracy"].values, expected)
    assert not np.array_equal(
        found[4].metrics["norm/w_out"].values, last.metrics["norm/w_out"].values
    )


def test_an_interrupted_training_is_resumed(
    tmp_path: Path, mnist_directory: Path, monkeypatch
) -> None:
    from darnax.tracking.jsonl import Jsonl

    asked = words(tmp_path, mnist_directory, "runner.epochs=3", "seed=5")
    log = Jsonl.log

    def interrupt(self: Jsonl, metrics, *, step: int, epoch: float) -> None:
        log(self, metrics, step=step, epoch=epoch)
        if epoch == 1:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(Jsonl, "log", interrupt)
        with pytest.raises(
            KeyboardInterrupt, match=r"resume with darnax\.load\(.*\)\.resume\(\)"
        ) as stop:
            darnax.train(*asked)
    run = darnax.load(stop.value.folder)
    assert run.status == "interrupted"
    resumed = run.resume()
    assert resumed.status == "finished"
    whole = darnax.train(*asked)
    for name in ("eval/accuracy", "test/accuracy", "norm/w_out"):
        assert np.array_equal(resumed.metrics[name].values, whole.metrics[name].values)
    with pytest.raises(darnax.RequestError, match="this run is finished"):
        resumed.resume()


def test_a_configuration_starts_from_a_run(trained: darnax.Run) -> None:
    again = darnax.compose("seed=4", config=trained)
    assert again == trained.config | {"seed": 4}
    assert darnax.compose(config=trained.folder / "config.yaml") == trained.config
    with pytest.raises(darnax.RequestError, match="config: got 3, expected a run or the path"):
        darnax.compose(config=3)


def test_build_returns_the_initial_network_of_the_run(trained: darnax.Run, digits) -> None:
    """Oracle: the first step of the run itself, repeated by hand with `train_step`."""
    network, state, phases, optimizer = darnax.build(trained.config)
    experiment = trained.model.experiment
    x, y = map(jnp.asarray, (digits[0][:50], digits[1][:50]))
    x, y = experiment.data.encode(x), experiment.data.labels.encode(y, 10)
    opt_state = init_optimizer(network, optimizer, phases.train)
    output = train_step(network, optimizer, opt_state, state, phases.train, x, y, jax.random.key(0))
    assert not np.array_equal(output.network.layer_map["w_out"].W, network.layer_map["w_out"].W)
    assert phases.train == trained.phases.train
    frozen = trained.network.layer_map["w_back"].W
    assert np.array_equal(network.layer_map["w_back"].W, frozen)


def test_an_analysis_is_written_and_returned(trained: darnax.Run, tmp_path: Path) -> None:
    copy = darnax.load(shutil.copytree(trained.folder, tmp_path / "copy"))
    found = copy.analyse(only=["margins"], examples=50)
    assert list(found) == ["margins"]
    assert found.page.is_file()
    lines = (copy.folder / "analysis" / "margins.csv").read_text().splitlines()
    assert len(lines) == len(found["margins"].rows) + 1


def test_an_analysis_that_cannot_be_written_is_refused_before_anything_is_computed(
    trained: darnax.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from darnax.analysis import measures

    # The superuser has every permission.
    monkeypatch.setattr(os, "access", lambda place, how: False)
    monkeypatch.setattr(measures, "select_measures", lambda names: {"none": pytest.fail})
    with pytest.raises(RequestError, match=r"is read-only, .*; analyse a copy of the run"):
        trained.analyse()


def test_a_run_has_an_html_representation(trained: darnax.Run) -> None:
    from xml.etree import ElementTree

    drawn = trained._repr_html_()
    tree = ElementTree.fromstring(f"<div>{drawn}</div>")
    lines = [element for element in tree.iter() if element.tag.endswith("polyline")]
    assert len(lines) == 2  # train and eval; test has one value
    assert ElementTree.fromstring(trained.model._repr_html_()).tag.endswith("svg")
    assert "50 -> 50 -> 10" in repr(trained.model)
