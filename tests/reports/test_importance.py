"""Importance, scales and colours on the page. Oracles: functions of known variance; a journal."""

import json

import pytest
from runs_on_disk import make, sweep
from test_page import data_of, written

from darnax.reports import importance
from darnax.reports.runs import find
from darnax.reports.search_space import find_scales, read_scales

optuna = pytest.importorskip("optuna")


def test_a_setting_without_effect_has_no_share():
    settings = [(x, y, word) for x in range(5) for y in range(5) for word in ("a", "b")]
    results = [3.0 * x + 1.0 * (word == "b") for x, _, word in settings]
    shares = importance.estimate(("x", "y", "word"), settings, results)
    # Var(3 x) = 9 · 2 and Var(word) = 1/4, of values that are equally frequent.
    assert shares["x"] == pytest.approx(18 / 18.25, abs=0.02)
    assert shares["y"] == pytest.approx(0, abs=0.01)
    assert shares["word"] == pytest.approx(0.25 / 18.25, abs=0.02)


@pytest.mark.parametrize(
    ("settings", "results"),
    [([(1, 2), (2, 3)], [0.0, 1.0]), ([(i, 1) for i in range(9)], list(range(9)))],
    ids=["few rows", "one setting"],
)
def test_nothing_is_estimated_from_too_little(settings, results):
    assert importance.estimate(("a", "b"), settings, [float(x) for x in results]) == {}


def test_the_page_has_shares_of_scores_but_none_of_the_test_split(tmp_path):
    data = data_of(written(tmp_path, sweep(tmp_path, tested={"test/accuracy": 0.9})))
    assert list(data["importance"]) == ["eval/accuracy"]
    shares = dict(data["importance"]["eval/accuracy"]["values"])
    # 0.02 · depth + 0.1 · j_d over a grid of two by two: variances 1e-4 and 4e-4.
    assert shares["j_d"] == pytest.approx(0.8, abs=0.1)


def test_a_scale_is_read_from_the_journal_of_the_search(tmp_path):
    storage = optuna.storages.journal.JournalFileBackend(str(tmp_path / "study.journal"))
    study = optuna.create_study(storage=optuna.storages.JournalStorage(storage))
    trial = study.ask()
    trial.suggest_float("model.a", 1, 20, log=True)
    trial.suggest_float("model.b", 1, 20)
    trial.suggest_categorical("model.c", ["x", "y"])
    assert read_scales(tmp_path / "study.journal") == {"model.a": True, "model.b": False}
    make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5)
    assert find_scales(find([tmp_path]))["model.a"] is True


@pytest.mark.parametrize(
    "line", ["{", '{"param_name": 3}', '{"param_name": "a", "distribution": 3}']
)
def test_a_damaged_journal_gives_no_scales(tmp_path, line):
    (tmp_path / "study.journal").write_text(line + "\n")
    assert read_scales(tmp_path / "study.journal") == {}
    assert read_scales(tmp_path / "nothing") == {}


def test_a_configuration_has_the_same_colour_on_every_page(tmp_path):
    make(tmp_path / "a", "2026-01-01_00-00-00-aaaaaa", 0.5, depth=2)
    make(tmp_path / "a", "2026-01-01_00-00-01-aaaaaa", 0.6, depth=1)
    make(tmp_path / "b", "2026-01-01_00-00-02-aaaaaa", 0.9, depth=2, seed=7)
    make(tmp_path / "b", "2026-01-01_00-00-03-aaaaaa", 0.3, depth=4)
    colours = []
    for place in ("a", "b"):
        rows = data_of(written(tmp_path, tmp_path / place))["rows"]
        colours.append({row["values"][0]: row["colour"] for row in rows})
    assert colours[0][2] == colours[1][2]
    assert len({colours[0][1], colours[0][2], colours[1][4]}) == 3


def test_commit_and_device_of_a_row_are_those_of_its_runs(tmp_path):
    for seed, commit in enumerate(("0123456789abcdef", "fedcba9876543210")):
        run = make(tmp_path, f"2026-01-01_00-00-0{seed}-aaaaaa", 0.5, seed=seed)
        known = {"git": {"commit": commit, "dirty": seed == 1}, "device": {"kind": "cpu"}}
        (run / "environment.json").write_text(json.dumps(known))
    (row,) = data_of(written(tmp_path, tmp_path))["rows"]
    assert set(row["commit"].split(", ")) == {"012345678", "fedcba987+"}
    assert (row["device"], row["seconds"]) == ("cpu", 65.0)
