"""Invalid configurations of each kind. Oracle: the path in the panel, exit code 2, no new files."""

from pathlib import Path

import pytest
from sampling import one_of
from typer.testing import CliRunner

from darnax.cli.app import app

MODEL = "model.adapters"
WRONG = {
    "unknown key": (["+runner.epocs=3"], "runner.epocs", "did you mean epochs"),
    "unknown key without a plus": (["runner.epocs=3"], "runner.epocs", "epochs"),
    "unknown argument of a module": (
        ["+model.layers.hidden.jd=0.5"],
        "model.layers.hidden.jd",
        "j_d",
    ),
    "wrong type": (["data.batch_size=many"], "data.batch_size", "integer"),
    "wrong type of an argument": (
        ["model.layers.hidden.j_d=much"],
        "model.layers.hidden.j_d",
        "number",
    ),
    "unknown buffer": ([f"{MODEL}.w_in.to='hiden[1]'"], f"{MODEL}.w_in.to", "hidden"),
    "unknown module class": (
        ["model.layers.output._target_=darnax.modules.OutputLayr"],
        "model.layers.output",
        "OutputLayer",
    ),
    "unknown group": (["optimizer=sgdd"], "optimizer", "local_sgd"),
    "unknown experiment": (["+experiment=mnist_chian"], "experiment", "mnist_chain"),
    "a layer without a buffer": (
        ["+model.layers.extra={_target_: darnax.modules.OutputLayer}"],
        "model.layers.extra",
        "buffer",
    ),
    "a buffer without a layer": (["~model.layers.output"], "model", "output"),
    "an adapter to the input": ([f"{MODEL}.w_in.to=input"], f"{MODEL}.w_in.to", "input"),
    "duplicate edges": (
        [
            f"+{MODEL}.again={{from: input, to: 'hidden[1]', "
            "_target_: darnax.modules.FullyConnected}"
        ],
        f"{MODEL}.again",
        "w_in",
    ),
    "unreachable layers": ([f"~{MODEL}.w_in"], "model", "reach"),
    "an output without input": ([f"~{MODEL}.w_out"], "output", "feed"),
    "shapes that do not fit": (
        ["model.buffers.hidden.size=[10,10]", f"{MODEL}.w_in.patch=40"],
        f"{MODEL}.w_in",
        "40",
    ),
    "the input is not the data": (["model.buffers.input=[784]"], "model.buffers.input", "28"),
    "the output is not the classes": (["model.buffers.output=[9]"], "model.buffers.output", "10"),
    "an index out of range": ([f"{MODEL}.w_in.to='hidden[3]'"], f"{MODEL}.w_in.to", "from 1 to 2"),
    "a phase that names no module": (
        ["dynamics.train.free.learn=[w_inn]"],
        "dynamics.train.free.learn",
        "w_in",
    ),
    "a group that matches no module": (
        ["+optimizer.groups.w_inn={_target_: optax.sgd, learning_rate: 0.1}"],
        "optimizer.groups.w_inn",
        "w_in",
    ),
    "a target that is not trusted": (
        ["model.layers.hidden._target_=mylab.Layer"],
        "model.layers.hidden",
        "trust=[mylab]",
    ),
    "a rate that is not a number": (
        ["optimizer.default.learning_rate=fast"],
        "optimizer.default.learning_rate",
        "number",
    ),
    "a length and a stop": (
        ["+dynamics.train.free.until=fixed_point"],
        "dynamics.train.free",
        "until",
    ),
    "an unknown dataset": (["data.name=mnst"], "data.name", "mnist"),
    "a validation split larger than the data": (
        ["data.validation=70000"],
        "data.validation",
        "60000",
    ),
    "a batch larger than the set": (["data.batch_size=70000"], "data.batch_size", "lower"),
    "a sweep without -m": (["seed=1,2"], "seed", "-m"),
}


@pytest.mark.parametrize(
    ("overrides", "where", "remedy"), one_of(4, list(WRONG.values())), ids=WRONG.keys()
)
def test_a_wrong_request_is_refused_with_path_and_remedy(
    overrides: list[str],
    where: str,
    remedy: str,
    mnist_directory: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFDS_DATA_DIR", str(mnist_directory))
    monkeypatch.setenv("COLUMNS", "200")
    result = CliRunner().invoke(app, ["train", *overrides], prog_name="darnax")
    printed = " ".join(result.output.split())
    assert result.exit_code == 2, printed
    assert where in printed
    assert remedy in printed
    assert "Traceback" not in printed
    assert not list(tmp_path.iterdir())
