"""A label code whose score is an error. Oracle: the squared errors of the predictions."""

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from extlab.regression import Values
from extlab.source import Prototypes
from tiny_runs import Train, trainer
from typer.testing import CliRunner

import darnax
from darnax.cli.app import app
from darnax.data import Labels
from darnax.errors import RequestError
from darnax.reports import page
from darnax.tracking.console import Console

SOURCE = Prototypes(inputs=20, classes=4, examples=40, graded=True)
TRUST = "trust=[extlab]"
WORDS = [
    "~data.source",
    "+data.source={_target_: extlab.source.Prototypes, "
    "inputs: 20, classes: 4, examples: 40, graded: true}",
    "data.classes=1",
    "model.features=20",
    "~data.labels",
    "~model.adapters.w_out.rule",
    "+model.adapters.w_out.rule={_target_: darnax.rules.Delta}",
]


def labels(**arguments: object) -> str:
    given = "".join(f", {name}: {json.dumps(value)}" for name, value in arguments.items())
    return f"+data.labels={{_target_: extlab.regression.Values{given}}}"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outputs")


@pytest.fixture(scope="module")
def run(outputs: Path) -> darnax.Run:
    return trainer(outputs)(
        *WORDS, labels(), "runner.epochs=3", "optimizer.groups.w_out.learning_rate=0.3"
    )


@pytest.fixture(scope="module")
def worse(outputs: Path) -> darnax.Run:
    """Train the same network with a readout that learns almost nothing."""
    return trainer(outputs)(*WORDS, labels(), "optimizer.groups.w_out.learning_rate=0.0001")


def command(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.output


def test_every_row_names_the_score(run: darnax.Run) -> None:
    names = {name for row in run.metrics.rows for name in row}
    assert {"train/squared_error", "eval/squared_error", "test/squared_error"} <= names
    assert not {name for name in names if "accuracy" in name or "at_chance" in name}


def test_the_score_is_the_squared_error_of_the_predictions(run: darnax.Run) -> None:
    split = SOURCE.open().test
    errors = np.square(run.predict(split.inputs) - split.targets).mean()
    assert run.evaluate(TRUST).score == pytest.approx(float(errors), rel=1e-5)


def test_the_best_network_has_the_lowest_error(run: darnax.Run) -> None:
    values = run.metrics["eval/squared_error"].values
    assert run.summary["best"] == {"eval/squared_error": min(values)}
    assert run.summary["lower_is_better"] is True
    assert min(values) < values[0]


def test_the_command_evaluates_by_name(run: darnax.Run) -> None:
    printed = command("eval", str(run.folder), TRUST)
    assert "the best by eval/squared_error" in printed
    score = run.evaluate(TRUST).score
    assert f"squared_error {score:.4f}  (mean of 40 examples; lower is better)" in printed
    for word in ("accuracy", "interval", "recall", "confusion", "%"):
        assert word not in printed
    assert not (run.folder / "confusion.svg").exists()


def test_runs_are_compared_by_their_own_score(run: darnax.Run, worse: darnax.Run) -> None:
    found = darnax.compare(run, worse)
    assert found.metric == "eval/squared_error"
    assert found.rows[0].best
    assert found.rows[0].runs[0].path == run.folder
    assert found.rows[0].mean < found.rows[1].mean
    printed = command("compare", str(run.folder), str(worse.folder))
    assert "eval/squared_error" in printed
    assert "%" not in printed
    assert "eval/squared_error" in command("runs", str(run.folder.parent))


def test_the_page_shows_the_score_and_that_lower_is_better(
    run: darnax.Run, worse: darnax.Run, tmp_path: Path
) -> None:
    data = page.collect(darnax.compare(run, worse).found, tmp_path)
    assert (data["metric"], data["lower"]) == ("eval/squared_error", True)
    assert "test/squared_error" in data["reported"]
    assert data["metrics"][:3] == [
        "eval/squared_error",
        "test/squared_error",
        "train/squared_error",
    ]


def test_python_shows_the_score(run: darnax.Run) -> None:
    assert "test/squared_error" in repr(run)
    assert "squared_error" in repr(run.evaluate(TRUST))
    assert "eval/squared_error" in run._repr_html_()


@pytest.mark.slow
def test_negative_scores_below_all_accuracies_choose_the_highest(train: Train) -> None:
    run = train(*WORDS, labels(negative=True, scale=100.0))
    values = run.metrics["eval/minus_squared_error"].values
    assert max(values) < -1
    assert run.summary["best"] == {"eval/minus_squared_error": max(values)}
    assert "lower_is_better" not in run.summary
    assert (run.folder / "checkpoints" / "best.safetensors").exists()


@pytest.mark.slow
def test_replicas_have_a_spread_of_the_score(train: Train) -> None:
    run = train(*WORDS, labels(), "runner.replicas=2", "runner.epochs=1")
    assert run.summary["metrics"]["eval/squared_error_sd"] > 0


@pytest.mark.parametrize("name", ["at_chance", "squared_error_sd", "", "a b", "a/b", 3])
def test_an_ambiguous_score_name_is_refused(
    train: Train, monkeypatch: pytest.MonkeyPatch, name: object
) -> None:
    monkeypatch.setattr(Values, "score_name", name)
    with pytest.raises(RequestError, match=r"data\.labels: got the score_name"):
        train(*WORDS, labels())


def test_a_search_in_the_wrong_direction_is_refused(outputs: Path) -> None:
    search = ("hydra/sweeper=optuna", "hydra.sweeper.metric=eval/squared_error")
    words = [
        "+experiment=associations",
        "runner.epochs=1",
        f"paths.outputs={outputs}",
        "tracking=local",
    ]
    done = CliRunner().invoke(
        app,
        ["train", *words, *WORDS, labels(), TRUST, *search, "model.features=choice(20,24)", "-m"],
    )
    assert done.exit_code == 2
    assert "got maximize, expected minimize" in " ".join(done.output.split())


def test_the_progress_line_names_the_score(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(10, epochs=2, name="regression")
    console.log({"train/squared_error": 1.25, "eval/squared_error": 31.5}, step=5, epoch=1.0)
    best = {"eval/squared_error": 31.5}
    console.finish({"status": "finished", "best": best, "metrics": {"test/squared_error": 2.0}})
    printed = capsys.readouterr().out
    assert "train squared_error 1.25  eval squared_error 31.5" in printed
    assert "eval best squared_error 31.5" in printed
    assert "test squared_error 2" in printed
    assert "%" not in printed


class Quality(Labels):
    """The documented way: class attributes."""

    score_name = "quality"

    def encode(self, targets, classes):
        return targets.astype(jnp.float32)

    def score(self, prediction, y):
        return 1 - jnp.abs(prediction - y).mean(axis=-1)


def test_class_attributes_name_a_score() -> None:
    assert (Quality().score_name, Quality().higher_is_better) == ("quality", True)
    assert not Quality().right_or_wrong
