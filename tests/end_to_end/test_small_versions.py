"""Small versions of docs/results.md. Oracle: chance, 1,000 ± 30 of 10,000 test images."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from darnax.cli.app import app

from .conftest import summary

SMALL = {
    "mnist_sparse": [
        "model.features=300",
        "data.per_class=200",
        "runner.epochs=2",
        "runner.evaluate_every=2",
    ],
    "entangled_mnist": [
        "model.features=100",
        "data.per_class=400",
        "runner.epochs=2",
        "runner.evaluate_every=2",
    ],
    "mnist_error": [
        "model.features=200",
        "data.per_class=200",
        "runner.epochs=4",
        "runner.evaluate_every=4",
    ],
}


@pytest.fixture
def accuracy(mnist_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return the accuracy of a run on all test images."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFDS_DATA_DIR", str(mnist_directory))

    def of(name: str, *more: str) -> float:
        words = [f"+experiment={name}", *SMALL[name], "tracking=local", *more]
        done = CliRunner().invoke(app, ["train", *words], prog_name="darnax")
        assert done.exit_code == 0, done.output
        return summary(max((tmp_path / "outputs" / name).glob("*-*")))["metrics"]["test/accuracy"]

    return of


@pytest.mark.parametrize(
    "name", [pytest.param("mnist_sparse", marks=pytest.mark.slow), "entangled_mnist"]
)
def test_the_published_schedule_learns(accuracy, name: str) -> None:
    """About 0.4 here; the bound is sixty standard deviations above chance."""
    assert accuracy(name) > 0.3


@pytest.mark.slow
def test_learning_in_the_hidden_layer_improves_accuracy(accuracy) -> None:
    """Five points here; the standard deviation of the difference is at most half a point."""
    assert (
        accuracy("mnist_error") > accuracy("mnist_error", "+model.adapters.w_in.rule=null") + 0.02
    )
