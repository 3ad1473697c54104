import json
import math
import os
import subprocess
import sys
import time
from datetime import datetime
from itertools import product

import pytest
import yaml
from runs_on_disk import configured, make, sweep

from darnax.errors import RequestError
from darnax.reports.compare import compare
from darnax.reports.configuration import differing_keys
from darnax.reports.runs import find


def test_finds_runs_at_any_depth_newest_first(tmp_path):
    sweep(tmp_path)
    (tmp_path / "chain" / "sweeps" / "2026-01-02_10-00-00-abcd" / "sweep.json").write_text("{}")
    newest = make(tmp_path / "other", "2026-02-01_00-00-00-ffffff", 0.5, name="other")
    (tmp_path / "wandb" / "offline-run").mkdir(parents=True)
    runs = find([tmp_path])
    assert len(runs) == 13
    assert runs[0].path == newest
    assert runs[0].when == datetime(2026, 2, 1)
    assert [run.when for run in runs] == sorted((run.when for run in runs), reverse=True)


def test_runs_of_one_second_are_in_the_order_of_their_files(tmp_path):
    names = [f"2026-01-01_00-00-00-{letter * 6}" for letter in "bca"]
    for nanoseconds, name in enumerate(names, start=1):
        made = make(tmp_path, name, 0.5)
        os.utime(made / "config.yaml", ns=(nanoseconds, nanoseconds))
    assert [run.path.name for run in find([tmp_path])] == names[::-1]


def test_a_run_that_is_named_twice_is_read_once(tmp_path, monkeypatch):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.9)
    monkeypatch.chdir(run)
    assert [r.path.name for r in find([tmp_path, run, run.parent / "." / run.name])] == [run.name]
    assert [r.path.name for r in find([type(run)()])] == [run.name]


@pytest.mark.parametrize("place", [".", "..", "../outputs", "link", "chain", "chain/../chain"])
def test_a_run_is_read_once_whatever_leads_to_it(tmp_path, monkeypatch, place):
    outputs = tmp_path / "outputs"
    for i in range(3):
        make(outputs / "chain", f"2026-01-01_00-00-0{i}-aaaaaa", 0.9)
    (outputs / "link").symlink_to("chain")
    monkeypatch.chdir(outputs)
    first = make(outputs / "chain", "2026-01-01_00-00-00-bbbbbb", 0.9)
    (outputs / "run").symlink_to(first)
    places = [outputs, type(outputs)(place), outputs / "run"]
    for order in (places, places[::-1]):
        assert len(find(order)) == 4


DAMAGE = {
    "no summary": lambda run: (run / "summary.json").unlink(),
    "torn summary": lambda run: (run / "summary.json").write_text('{"status": "fin'),
    "empty summary": lambda run: (run / "summary.json").write_text(""),
    "summary is a list": lambda run: (run / "summary.json").write_text("[]"),
    "summary without metrics": lambda run: (run / "summary.json").write_text(
        '{"status": "finished", "metrics": null}'
    ),
    "no config": lambda run: (run / "config.yaml").unlink(),
    "broken config": lambda run: (run / "config.yaml").write_text("model: ["),
    "binary config": lambda run: (run / "config.yaml").write_bytes(b"\xff\x00\xfe"),
    "endless config": lambda run: (run / "config.yaml").write_text("a: &a [*a]"),
    "only checkpoints": lambda run: [file.unlink() for file in run.iterdir() if file.is_file()],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_run_is_listed_with_the_reason(tmp_path, damage):
    good, bad = (make(tmp_path, f"2026-01-01_00-00-0{i}-aaaaaa", 0.9) for i in (0, 1))
    DAMAGE[damage](bad)
    runs = {run.path: run for run in find([tmp_path])}
    assert runs[good].status == "finished"
    assert runs[bad].status == "damaged"
    assert "summary.json" in runs[bad].damage or "config.yaml" in runs[bad].damage
    comparison = compare(list(runs.values()), "eval/accuracy")
    assert [(row.n, row.mean) for row in comparison.rows] == [(1, 0.9)]
    assert [run.path for run in comparison.damaged] == [bad]


def test_numbers_that_are_not_finite_are_nan(tmp_path):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa")
    odd = f'{{"a": null, "c": 2, "e": NaN, "f": 1e999, "g": {"1" * 400}}}'
    (run / "summary.json").write_text(f'{{"status": "finished", "metrics": {odd}}}')
    read = find([run])[0]
    assert read.value("c") == 2
    assert all(math.isnan(read.value(name)) for name in ("a", "e", "f", "g", "absent"))
    assert math.isnan(read.seconds)


def test_a_run_under_way_has_the_value_it_logged_last(tmp_path):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.9, status="running")
    with (run / "metrics.jsonl").open("a") as file:
        file.write(
            '{"step": 40, "epoch": 4.0, "train/accuracy": 0.5}\n'
            '{"step": 50, "epoch": 5, "eval/accuracy": 0.'
        )
    read = find([run])[0]
    assert read.value("eval/accuracy") == pytest.approx(0.9)
    assert 0 <= read.silence < 60


def test_overridden_keys(tmp_path):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa")
    (run / "overrides.yaml").write_text(
        "- +experiment=chain\n- ++model.depth=2\n- 'data.only_classes=[1,2]'\n- ~x.y=1\n"
    )
    assert find([run])[0].overridden_keys == {
        "experiment",
        "model.depth",
        "data.only_classes",
        "x.y",
    }


@pytest.mark.parametrize(("place", "says"), [("nowhere", "no such folder"), ("", "no run in it")])
def test_a_folder_without_runs_is_reported(tmp_path, place, says):
    with pytest.raises(RequestError, match=says):
        find([tmp_path / place])


def test_two_thousand_runs_take_less_than_three_seconds(tmp_path):
    phases = {f"phase{i}": {"steps": i, "learn": ["a", "b"]} for i in range(30)}
    tail = yaml.safe_dump({"dynamics": phases, "name": "chain"})  # about as long as a real one
    for i, (depth, j_d, seed) in enumerate(product(range(5), range(20), range(20))):
        run = tmp_path / f"2026-01-01_{i // 3600:02}-{i // 60 % 60:02}-{i % 60:02}-{i:06x}"
        run.mkdir()
        model = {**configured(depth=depth, j_d=j_d / 20)["model"], "unique": i}
        (run / "config.yaml").write_text(f"model: {json.dumps(model)}\n{tail}seed: {seed}\n")
        status = "running" if i % 50 == 0 else "finished"
        (run / "summary.json").write_text(
            json.dumps({"status": status, "metrics": {f"m{k}": 0.1 for k in range(40)}})
        )
        (run / "metrics.jsonl").write_text('{"step": 1, "epoch": 1, "m0": 0.1}\n' * 10)
        if i % 50 == 1:
            (run / "summary.json").write_text("{")
    began = time.process_time()
    runs = find([tmp_path])
    assert differing_keys([run.config for run in runs])
    assert compare(runs, "m0", best=True).rows
    assert len(runs) == 2000
    assert [
        sum(run.status == status for run in runs) for status in ("finished", "running", "damaged")
    ] == [1920, 40, 40]
    assert time.process_time() - began < 20  # ten times what is needed


def test_reads_without_the_library_and_without_hydra():
    modules = "darnax.reports.compare, darnax.reports.diff, darnax.reports.runs"
    code = f"import sys, {modules}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "darnax.reports.runs" in loaded
    assert not {"jax", "hydra", "omegaconf", "numpy", "plotly", "scipy", "darnax.runner"} & set(
        loaded
    )
