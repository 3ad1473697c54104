"""Folders of version 0.1.0 resume, evaluate and compare. Oracle: the numbers that 0.1.0 wrote."""

import json
import tarfile
from pathlib import Path

import pytest

from .conftest import Workspace, summary

FIXTURES = Path(__file__).parents[1] / "fixtures"
CLOSE = 0.03  # of an accuracy; another processor sums in another order, and a unit of ±1 may flip


@pytest.fixture
def former(workspace: Workspace) -> Workspace:
    """A working directory that holds the outputs of version 0.1.0."""
    with tarfile.open(FIXTURES / "version_0_1_0.tar.gz") as archive:
        archive.extractall(workspace.place, filter="data")
    workspace.environment["PYTHONPATH"] = (
        f"{workspace.environment.get('PYTHONPATH', '')}:{FIXTURES}"
    )
    workspace.environment["HOME"] = str(workspace.place)
    data = Path(workspace.environment["TFDS_DATA_DIR"])
    data.mkdir(parents=True, exist_ok=True)
    (workspace.place / "tensorflow_datasets").symlink_to(data)  # where these runs looked for it
    return workspace


def run_of(former: Workspace, name: str) -> Path:
    return next((former.place / "outputs" / name).glob("2026-*"))


def sweep_of(former: Workspace, name: str) -> Path:
    return next((former.place / "outputs" / name / "sweeps").glob("2026-*"))


def test_an_interrupted_run_ends_as_the_one_that_was_not(former: Workspace) -> None:
    run, whole = run_of(former, "interrupted"), run_of(former, "finished")
    former.darnax("train", "--resume", str(run))
    ended, expected = summary(run), summary(whole)
    assert (ended["status"], ended["steps"]) == ("finished", expected["steps"])
    accuracy = expected["metrics"]["test/accuracy"]
    assert ended["metrics"]["test/accuracy"] == pytest.approx(accuracy, abs=CLOSE)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "more"), [("finished", []), ("trusted", ["trust=[fixlab]"])])
def test_a_run_evaluates_to_the_accuracy_that_it_recorded(
    former: Workspace, name: str, more: list[str]
) -> None:
    run = run_of(former, name)
    printed = former.darnax("eval", str(run), *more)
    accuracy = float(printed.partition("accuracy ")[2].partition("%")[0]) / 100
    assert accuracy == pytest.approx(summary(run)["metrics"]["test/accuracy"], abs=CLOSE)
    former.darnax("cite", str(run), *more)
    former.darnax("analyse", str(run), *more, "--only", "margins", "--examples", "100")


@pytest.mark.slow
def test_longer_training_says_why_schedules_cannot_follow(former: Workspace) -> None:
    run = run_of(former, "finished")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    printed = former.darnax("train", "--resume", str(run), "runner.epochs=5", code=2)
    message = " ".join(printed.replace("│", " ").split())
    assert "runner.epochs: cannot change in this run" in message
    assert "no composed.yaml" in message
    assert "decay_steps=..." in message
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_an_interrupted_sweep_is_resumed(former: Workspace) -> None:
    sweep = sweep_of(former, "grid")
    before = {path.parent.name: path.read_text() for path in sweep.glob("*/summary.json")}
    former.darnax("sweep", "resume", str(sweep))
    assert "4 of 4 points finished" in former.darnax("sweep", "status", str(sweep))
    for name, text in before.items():  # what was finished was not done again
        if json.loads(text)["status"] == "finished":
            assert (sweep / name / "summary.json").read_text() == text
    table = former.darnax("compare", str(sweep))
    assert "j_d" in table


@pytest.mark.slow
def test_a_search_is_extended(former: Workspace) -> None:
    sweep = sweep_of(former, "search")
    former.darnax("sweep", "resume", str(sweep), "hydra.sweeper.n_trials=4")
    assert "4 of 4 points finished" in former.darnax("sweep", "status", str(sweep))


@pytest.mark.slow
def test_runs_are_listed_and_compared(former: Workspace) -> None:
    listed = former.darnax("runs")
    for name in ("finished", "interrupted", "trusted", "grid", "search"):
        assert name in listed
    former.darnax("diff", str(run_of(former, "finished")), str(run_of(former, "interrupted")))
    former.darnax(
        "compare",
        "outputs",
        "--metric",
        "test/accuracy",
        "--csv",
        "table.csv",
        "--html",
        "page.html",
    )
