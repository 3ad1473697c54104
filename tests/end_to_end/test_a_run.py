"""What a newcomer does with one run: train, look into the folder, evaluate, run it again."""

import xml.etree.ElementTree

import numpy as np
import pytest
import yaml

from .conftest import SMALL, Laboratory, rows, summary

TIMES = ("time/images_per_second", "time/compile_seconds")


@pytest.fixture
def trained(laboratory: Laboratory) -> Laboratory:
    laboratory.darnax("train", *SMALL, "runner.epochs=2", "seed=3")
    return laboratory


def test_the_folder_explains_itself_and_runs_again(trained: Laboratory) -> None:
    (run,) = trained.runs()
    assert {p.name for p in run.iterdir() if p.name != ".lock"} == {
        "config.yaml", "overrides.yaml", "environment.json", "metrics.jsonl", "summary.json", "checkpoints", "train.log",
    }  # fmt: skip
    told = summary(run)
    assert told["status"] == "finished"
    assert told["steps"] == told["epochs"] * 10 == 20
    assert told["metrics"]["eval/accuracy"] == told["metrics"]["test/accuracy"]  # no validation split was asked for
    assert told["best"]["eval/accuracy"] >= told["metrics"]["eval/accuracy"]
    assert yaml.safe_load((run / "overrides.yaml").read_text())[-1] == "seed=3"
    logged = rows(run)
    assert [row["step"] for row in logged] == sorted(row["step"] for row in logged)
    physics = {"relax/free/flips", "overlap/clamped-free/hidden1", "unstable/w_in", "norm/w_out", "update/hidden2"}
    assert {"step", "epoch", "train/accuracy", "time/images_per_second"} | physics <= logged[1].keys()

    trained.darnax("train", "--config", str(run / "config.yaml"))
    again = next(other for other in trained.runs() if other != run)
    without_times = [[{k: v for k, v in row.items() if k not in TIMES} for row in rows(r)] for r in (run, again)]
    assert without_times[0] == without_times[1]


def test_evaluation_agrees_with_the_run_and_draws_a_picture(trained: Laboratory) -> None:
    (run,) = trained.runs()
    said = trained.darnax("eval", str(run))
    assert f"accuracy {summary(run)['best']['eval/accuracy']:.2%}" in said
    assert "10000 examples" in said
    picture = xml.etree.ElementTree.parse(run / "confusion.svg").getroot()
    assert picture.tag.endswith("svg")


def test_a_wandb_run_lies_beside_the_others_and_says_nothing(laboratory: Laboratory) -> None:
    said = laboratory.darnax("train", *SMALL, "tracking=offline")
    assert "wandb" not in said.lower()
    assert len(list((laboratory.place / "outputs" / "wandb").glob("offline-run-*/*.wandb"))) == 1


def test_another_seed_is_another_run(laboratory: Laboratory) -> None:
    laboratory.darnax("train", *SMALL, "seed=0,1", "-m")
    runs = sorted(laboratory.place.glob("outputs/digits_smoke/sweeps/*/*/summary.json"))
    norms = [summary(path.parent)["metrics"]["norm/w_back"] for path in runs]
    assert len(norms) == 2
    assert not np.isclose(*norms, rtol=1e-6)


def test_validation_is_what_is_watched_and_test_is_told_once(laboratory: Laboratory) -> None:
    laboratory.darnax("train", *SMALL, "data.validation=1000", "runner.epochs=2")
    (run,) = laboratory.runs()
    told = [name for row in rows(run) for name in row if name.endswith("/accuracy")]
    assert told.count("test/accuracy") == 1
    assert told.count("eval/accuracy") == 2


@pytest.mark.slow
def test_replicas_are_the_runs_of_consecutive_seeds(laboratory: Laboratory) -> None:
    few = [*SMALL, "runner.limit_batches=3"]
    for more in (["seed=3"], ["seed=4"], ["seed=3", "runner.replicas=2"]):
        laboratory.darnax("train", *few, *more)
    one, other, both = (summary(run)["metrics"] for run in laboratory.runs())
    for name in ("norm/w_in", "norm/hidden2", "update/w_out", "eval/accuracy", "unstable/w_in"):
        assert both[name] == pytest.approx((one[name] + other[name]) / 2, rel=1e-4), name
    apart = abs(one["eval/accuracy"] - other["eval/accuracy"])
    assert both["eval/accuracy_sd"] == pytest.approx(apart / 2**0.5, rel=1e-3, abs=1e-6)
