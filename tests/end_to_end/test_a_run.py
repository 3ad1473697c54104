"""One run from training to citation. Oracles: its folder, and a second run."""

import csv
import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from darnax.analysis.measures import MEASURES
from darnax.cli.app import app
from darnax.reports.analysis import FIGURES

from .conftest import SMALL, Workspace, rows, summary

TIMES = ("time/images_per_second", "time/compile_seconds")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, mnist_directory: Path) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("trained"), mnist_directory)
    quicker = {
        name: workspace.environment.pop(name, "")
        for name in ("JAX_DISABLE_MOST_OPTIMIZATIONS", "XLA_FLAGS")
    }
    workspace.darnax("train", *SMALL, "runner.epochs=2", "seed=3")  # compiled as for users
    workspace.environment |= quicker
    return workspace


@pytest.fixture
def run(trained: Workspace) -> Path:
    return trained.runs()[0]


def test_the_run_folder_is_self_contained(run: Path) -> None:
    assert {p.name for p in run.iterdir() if p.name != ".lock"} == {
        "config.yaml", "composed.yaml", "overrides.yaml", "network.json", "environment.json",
        "metrics.jsonl", "summary.json", "checkpoints", "train.log",
    }  # fmt: skip
    ended = summary(run)
    assert ended["status"] == "finished"
    assert ended["steps"] == ended["epochs"] * 10 == 20
    assert ended["metrics"]["eval/accuracy"] != ended["metrics"]["test/accuracy"]  # of other images
    assert ended["best"]["eval/accuracy"] >= ended["metrics"]["eval/accuracy"]
    assert yaml.safe_load((run / "overrides.yaml").read_text())[-1] == "seed=3"
    logged = rows(run)
    assert [row["step"] for row in logged] == sorted(row["step"] for row in logged)
    physics = {
        "relax/free/flips",
        "overlap/clamped-free/hidden1",
        "unstable/w_in",
        "norm/w_out",
        "update/hidden2",
    }
    assert {"step", "epoch", "train/accuracy", "time/images_per_second"} | physics <= logged[
        1
    ].keys()


# Faster tests of bit-identical runs: tests/runner/test_divergence.py and test_stopping.py.
@pytest.mark.slow
def test_the_configuration_runs_again(
    trained: Workspace, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("JAX_DISABLE_MOST_OPTIMIZATIONS", "XLA_FLAGS"):
        monkeypatch.delitem(trained.environment, name)
    trained.darnax("train", "--config", str(run / "config.yaml"))
    again = next(other for other in trained.runs() if other != run)
    without_times = [
        [{k: v for k, v in row.items() if k not in TIMES} for row in rows(r)] for r in (run, again)
    ]
    assert without_times[0] == without_times[1]


def in_process(trained: Workspace, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """Return the output of the command, run in this process."""
    monkeypatch.chdir(trained.place)
    for name in ("TFDS_DATA_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, trained.environment[name])
    result = CliRunner().invoke(app, list(words), prog_name="darnax")
    assert result.exit_code == 0, result.output
    return result.output


def test_evaluation_agrees_with_the_run_and_draws_a_picture(
    trained: Workspace, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = in_process(trained, monkeypatch, "eval", str(run))
    assert (
        summary(run)["best"]["eval/accuracy"] == summary(run)["metrics"]["eval/accuracy"]
    )  # the last network is the best
    assert f"accuracy {summary(run)['metrics']['test/accuracy']:.2%}" in printed
    assert "10000 examples" in printed
    picture = xml.etree.ElementTree.parse(run / "confusion.svg").getroot()
    assert picture.tag.endswith("svg")


@pytest.mark.slow
def test_analyse_and_cite(trained: Workspace, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = trained.darnax(
        "analyse", str(run), "--examples", "50", "--export", "states.npz", timeout=300
    )
    assert printed.splitlines()[-2:] == [f"page: {run / 'analysis.html'}", "states: states.npz"]
    tables = {
        file.stem: list(csv.DictReader(file.read_text().splitlines()))
        for file in (run / "analysis").iterdir()
    }
    assert set(MEASURES) == set(FIGURES)
    assert set(tables) == set(MEASURES) - {"goodness"}  # of networks that learn by Forward-Forward
    for name, figure in FIGURES.items():
        if name not in tables:
            continue
        assert {figure.x, figure.y, *figure.panel, figure.series or figure.x} <= tables[name][
            0
        ].keys()

    ended = summary(run)["metrics"]
    probes = {row["buffer"]: float(row["score"]) for row in tables["probes"]}
    assert probes.pop("the network's own readout") == pytest.approx(
        ended["test/accuracy"], abs=1e-6
    )
    assert set(probes) == {"input", "hidden1", "hidden2"}
    assert min(probes.values()) > 0.4
    assert len(tables["spectra"]) == 2 * 2 * 100
    assert {row["checkpoint"] for row in tables["couplings"]} == {
        "start",
        "best",
        "step-0000000010",
        "step-0000000020",
    }
    phases = [row["phase"] for row in tables["relaxation"] if row["dynamics"] == "training"]
    assert list(dict.fromkeys(phases)) == ["warmup", "clamped", "free", "recall"]

    states = np.load(trained.place / "states.npz")
    assert {name: states[name].shape for name in states} == {
        "hidden1": (10000, 100),
        "hidden2": (10000, 100),
        "scores": (10000, 10),
        "targets": (10000,),
    }
    assert set(np.unique(states["hidden1"])) == {-1, 1}
    assert np.mean(states["scores"].argmax(axis=1) == states["targets"]) == pytest.approx(
        ended["test/accuracy"], abs=1e-6
    )

    assert in_process(trained, monkeypatch, "cite", str(run)).count("@") == 6


@pytest.mark.parametrize("words", [["--only", "nothing"], ["runner.epochs=2"]])
def test_unknown_requests_to_analyse_are_refused(run: Path, words: list[str]) -> None:
    result = CliRunner().invoke(app, ["analyse", str(run), *words], prog_name="darnax")
    assert result.exit_code == 2
    assert "Traceback" not in result.output


# Faster tests of the same: tests/cli/test_splits.py and tests/tracking/test_wandb.py.
@pytest.mark.slow
def test_validation_is_logged_every_epoch_and_test_once(
    workspace: Workspace,
) -> None:
    printed = workspace.darnax(
        "train", *SMALL, "data.validation=1000", "runner.epochs=2", "tracking=offline"
    )
    assert "wandb" not in printed.lower()
    assert len(list((workspace.place / "outputs" / "wandb").glob("offline-run-*/*.wandb"))) == 1
    (run,) = workspace.runs()
    ended = [name for row in rows(run) for name in row if name.endswith("/accuracy")]
    assert ended.count("test/accuracy") == 1
    assert ended.count("eval/accuracy") == 2


@pytest.mark.slow
def test_replicas_are_the_runs_of_consecutive_seeds(workspace: Workspace) -> None:
    few = [*SMALL, "runner.limit_batches=3"]
    for more in (["seed=3"], ["seed=4"], ["seed=3", "runner.replicas=2"]):
        workspace.darnax("train", *few, *more)
    one, other, both = (summary(run)["metrics"] for run in workspace.runs())
    for name in ("norm/w_in", "norm/hidden2", "update/w_out", "eval/accuracy", "unstable/w_in"):
        assert both[name] == pytest.approx((one[name] + other[name]) / 2, rel=1e-4), name
    apart = abs(one["eval/accuracy"] - other["eval/accuracy"])
    assert both["eval/accuracy_sd"] == pytest.approx(apart / 2**0.5, rel=1e-3, abs=1e-6)
