"""Sweeps and comparisons in Python. Oracles: the command line; mean and deviation by numpy."""

from pathlib import Path

import numpy as np
import pytest
from small import words
from typer.testing import CliRunner

import darnax
from darnax.cli.app import app


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory, mnist_directory: Path) -> darnax.Sweep:
    place = tmp_path_factory.mktemp("outputs")
    asked = words(
        place,
        mnist_directory,
        "runner.epochs=1",
        "seed=range(2)",
        "model.layers.hidden.j_d=0.5,0.9",
    )
    return darnax.sweep(*asked)


def test_a_sweep_has_a_run_for_every_point(sweep: darnax.Sweep) -> None:
    assert sweep.is_done
    assert [run.status for run in sweep.runs] == ["finished"] * 4
    assert {
        (run.config["seed"], run.config["model"]["layers"]["hidden"]["j_d"]) for run in sweep.runs
    } == {(seed, j_d) for seed in (0, 1) for j_d in (0.5, 0.9)}
    assert repr(sweep).startswith("Sweep(4 of 4 points finished; ")
    printed = CliRunner().invoke(app, ["sweep", "status", str(sweep.folder)]).stdout
    for name, status, *_ in sweep.status.rows:
        assert name in printed
        assert status == "finished"
    assert "<table>" in sweep._repr_html_()
    assert list(sweep.to_pandas()["status"]) == ["finished"] * 4


def test_a_comparison_averages_over_seeds(sweep: darnax.Sweep, tmp_path: Path) -> None:
    for found in (
        sweep.compare(metric="train/accuracy"),
        darnax.compare(sweep.runs, metric="train/accuracy"),
    ):
        table = found.to_pandas()
        assert set(table["model.layers.hidden.j_d"]) == {0.5, 0.9}
        for _, row in table.iterrows():
            of_row = [
                r
                for r in sweep.runs
                if r.config["model"]["layers"]["hidden"]["j_d"] == row["model.layers.hidden.j_d"]
            ]
            last = [run.metrics["train/accuracy"].values[-1] for run in of_row]
            assert row["train/accuracy"] == pytest.approx(np.mean(last))
            assert row["sd"] == pytest.approx(np.std(last, ddof=1))
            assert row["n"] == 2
    printed = (
        CliRunner().invoke(app, ["compare", str(sweep.folder), "--metric", "train/accuracy"]).stdout
    )
    assert [*repr(found).split(), *found.note.split()] == printed.split()
    assert found.to_csv(tmp_path / "table.csv").read_text().count("\n") == 3
    assert "<html" in found.to_html(tmp_path / "page.html").read_text()
    assert found._repr_html_().count("<tr>") == 3


def test_a_finished_sweep_has_no_open_points(sweep: darnax.Sweep) -> None:
    loaded = darnax.load(sweep.folder)
    assert isinstance(loaded, darnax.Sweep)
    times = {run.folder: (run.folder / "summary.json").stat().st_mtime_ns for run in loaded.runs}
    loaded.resume()
    assert times == {
        run.folder: (run.folder / "summary.json").stat().st_mtime_ns for run in loaded.runs
    }


def test_an_invalid_point_is_refused_before_the_first_point_trains(
    tmp_path: Path, mnist_directory: Path
) -> None:
    asked = words(tmp_path, mnist_directory, "runner.epochs=1", "data.batch_size=50,0")
    with pytest.raises(darnax.RequestError, match=r"data\.batch_size"):
        darnax.sweep(*asked)
    with pytest.raises(darnax.RequestError, match=r"got dict, expected runs, sweeps, or folders"):
        darnax.compare({})
    assert not list(tmp_path.iterdir())
