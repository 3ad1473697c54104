"""What a newcomer does with a trained network: analyse it, export what it makes of the test set, cite what it stands on."""

import csv

import numpy as np
import pytest

from darnax.analysis.measures import MEASURES
from darnax.reports.analysis import FIGURES

from .conftest import SMALL, Laboratory, summary


def test_analyse_and_cite(laboratory: Laboratory) -> None:
    laboratory.darnax("train", *SMALL)
    (run,) = laboratory.runs()
    said = laboratory.darnax("analyse", str(run), "--examples", "50", "--export", "states.npz", timeout=300)
    assert said.splitlines()[-2:] == [f"page: {run / 'analysis.html'}", "states: states.npz"]
    tables = {file.stem: list(csv.DictReader(file.read_text().splitlines())) for file in (run / "analysis").iterdir()}
    assert set(tables) == set(MEASURES) == set(FIGURES)
    for name, figure in FIGURES.items():
        assert {figure.x, figure.y, *figure.panel, figure.series or figure.x} <= tables[name][0].keys()

    told = summary(run)["metrics"]
    probes = {row["buffer"]: float(row["score"]) for row in tables["probes"]}
    assert probes.pop("the network's own readout") == pytest.approx(told["test/accuracy"], abs=1e-6)
    assert set(probes) == {"input", "hidden1", "hidden2"}
    assert min(probes.values()) > 0.4
    assert len(tables["spectra"]) == 2 * 2 * 100
    assert {row["checkpoint"] for row in tables["couplings"]} == {"start", "best", "step-0000000010"}
    phases = [row["phase"] for row in tables["relaxation"] if row["dynamics"] == "training"]
    assert list(dict.fromkeys(phases)) == ["warmup", "clamped", "free", "recall"]

    states = np.load(laboratory.place / "states.npz")
    assert {name: states[name].shape for name in states} == {
        "hidden1": (10000, 100), "hidden2": (10000, 100), "scores": (10000, 10), "targets": (10000,),
    }  # fmt: skip
    assert set(np.unique(states["hidden1"])) == {-1, 1}
    assert np.mean(states["scores"].argmax(axis=1) == states["targets"]) == pytest.approx(told["test/accuracy"], abs=1e-6)

    laboratory.darnax("analyse", str(run), "--only", "nothing", code=2)
    laboratory.darnax("analyse", str(run), "runner.epochs=2", code=2)
    assert laboratory.darnax("cite", str(run)).count("@") == 6
