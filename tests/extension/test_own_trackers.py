"""Trackers of a package outside darnax, and TensorBoard. Oracle: metrics.jsonl of the same run."""

import csv
import json
import logging
import sys
from pathlib import Path

import pytest

import darnax
from darnax.data.tfrecord import TFRecords
from darnax.errors import RequestError
from darnax.extras import install_command

TINY = [
    "+experiment=associations",
    "data.source.inputs=20",
    "data.source.outputs=8",
    "data.batch_size=5",
    "runner.epochs=2",
    "tracking=local",
]
TRUST = "trust=[extlab]"
TABLE = "+tracking.table={_target_: extlab.tracker.Table, columns: [train/accuracy, norm/w_in]}"


def train(place: Path, *words: str) -> darnax.Run:
    return darnax.train(*TINY, f"paths.outputs={place}", *words)


def rows(run: darnax.Run) -> list[dict]:
    lines = (run.folder / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def expected_table(run: darnax.Run) -> list[list[str]]:
    columns = ("step", "train/accuracy", "norm/w_in")
    return [[str(row.get(name, "")) for name in columns] for row in rows(run)]


def table(run: darnax.Run) -> list[list[str]]:
    with (run.folder / "table.csv").open() as file:
        return list(csv.reader(file))


def labels(run: darnax.Run) -> list[dict]:
    lines = (run.folder / "labels.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_the_rows_of_a_tracker_are_those_of_the_record(tmp_path):
    run = train(tmp_path, TRUST, TABLE)
    assert len(rows(run)) > 2
    assert table(run) == [*expected_table(run), ["finished"]]
    (found,) = labels(run)
    assert found == {
        "id": run.folder.name,
        "name": run.folder.name,
        "group": "associations",
        "tags": [],
        "resumed": False,
        "seed": 0,
        "outputs": str(tmp_path),
    }


def test_a_run_that_is_resumed_logs_no_row_twice(tmp_path):
    with pytest.raises(darnax.Interrupted) as caught:
        train(tmp_path, TRUST, TABLE, "+tracking.stop={_target_: extlab.tracker.Stop, step: 2}")
    with pytest.raises(RequestError, match=r"trust=\[extlab\]"):
        darnax.load(caught.value.folder).resume()
    run = darnax.load(caught.value.folder).resume(TRUST)
    assert run.status == "finished"
    found = [row for row in table(run) if row[0].isdigit()]
    steps = [int(step) for step, *_ in found]
    # The row of compilation is logged when training starts again; its step was logged before.
    assert steps == sorted(set(steps))
    assert steps[-1] == run.summary["steps"]
    assert [each["resumed"] for each in labels(run)] == [False, True]
    assert len({each["id"] for each in labels(run)}) == 1


@pytest.mark.parametrize("where", ["open", "log", "finish"])
def test_a_tracker_that_raises_does_not_stop_the_run(tmp_path, caplog, where):
    broken = f"+tracking.broken={{_target_: extlab.tracker.Broken, where: {where}}}"
    with caplog.at_level(logging.WARNING):
        run = train(tmp_path, TRUST, broken, TABLE)  # which comes after it
    assert run.status == "finished"
    assert table(run) == [*expected_table(run), ["finished"]]
    assert run.summary["metrics"]["norm/w_in"] == rows(run)[-1]["norm/w_in"]
    warnings = [r.getMessage() for r in caplog.records if "tracking.broken" in r.getMessage()]
    assert warnings == [
        f"tracking.broken is off for the rest of this run (no disk at {where}); "
        "metrics.jsonl is complete without it"
    ]


def test_the_runs_of_a_sweep_are_named_by_their_differences(tmp_path):
    sweep = darnax.sweep(*TINY, f"paths.outputs={tmp_path}", TRUST, TABLE, "seed=1,2")
    found = [labels(run)[0] for run in sweep.runs]
    assert sorted(each["name"] for each in found) == ["seed=1", "seed=2"]
    assert len({each["group"] for each in found}) == 1
    assert {tuple(each["tags"]) for each in found} == {(sweep.folder.name,)}


REFUSED = {
    "a wrong argument": (
        [TRUST, "+tracking.table={_target_: extlab.tracker.Table, columns: 3}"],
        "tracking.table.columns: got 3, expected a list",
    ),
    "a misspelt argument": (
        [TRUST, TABLE, "+tracking.table.fil=x"],
        "tracking.table.fil: Table has no such argument; did you mean file?",
    ),
    "a missing argument": (
        [TRUST, "+tracking.table={_target_: extlab.tracker.Table}"],
        "tracking.table.columns: is missing",
    ),
    "an argument set by darnax": ([TRUST, TABLE, "+tracking.table.run=x"], "leave it out"),
    "another class": (
        [TRUST, "+tracking.table={_target_: extlab.observable.Whole}"],
        "extlab.observable.Whole is no Tracker",
    ),
    "no target": (["+tracking.tabl={file: x}"], "tracking.tabl: there is no such key"),
    "a class of darnax that is not a tracker": (
        ["+tracking.x={_target_: darnax.tracking.jsonl.Jsonl, path: x}"],
        "nothing that a configuration can name",
    ),
    "an argument of TensorBoard": (
        ["+tracking.tensorboard={foldr: x}"],
        "tracking.tensorboard.foldr: TensorBoard has no such argument; did you mean folder?",
    ),
}


@pytest.mark.parametrize(("words", "says"), REFUSED.values(), ids=REFUSED)
def test_wrong_requests_are_refused_with_the_path(tmp_path, words, says):
    with pytest.raises(RequestError) as caught:
        train(tmp_path, *words)
    assert says in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_package_that_is_not_trusted_is_not_imported(tmp_path, monkeypatch):
    for name in ("extlab", "extlab.tracker"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(RequestError, match=r"trust=\[extlab\]"):
        train(tmp_path, TABLE)
    assert "extlab" not in sys.modules


def events(folder: Path) -> list:
    from tensorboardX.proto.event_pb2 import Event

    files = sorted(folder.iterdir())
    records = [TFRecords([file]) for file in files]  # which checks every checksum
    return [
        Event.FromString(content)
        for record in records
        for content in record.__getitems__(range(len(record)))
    ]


def test_tensorboard_has_the_rows_of_the_record(tmp_path):
    with pytest.raises(darnax.Interrupted) as caught:
        train(
            tmp_path,
            TRUST,
            "tracking=tensorboard",
            "+tracking.stop={_target_: extlab.tracker.Stop, step: 2}",
        )
    run = darnax.load(caught.value.folder).resume(TRUST)
    folder = tmp_path / "tensorboard" / "associations" / run.folder.name
    assert len(list(folder.iterdir())) == 2  # one for each process that trained
    found = {}
    for event in events(folder):
        for value in event.summary.value:
            if value.WhichOneof("value") == "simple_value":
                assert (value.tag, event.step) not in found
                found[value.tag, event.step] = value.simple_value
    for row in rows(run):
        step = row.pop("step")
        if "time/compile_seconds" in row and step:
            continue  # of the process that resumed: that step was logged before
        for name, number in row.items():
            assert found[name, step] == pytest.approx(number, rel=1e-6), name
    text = next(
        e for e in events(folder) if any(v.tag == "config/text_summary" for v in e.summary.value)
    )
    assert b'"associations"' in text.SerializeToString()


def test_without_tensorboardx_there_is_one_warning(tmp_path, caplog, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX.event_file_writer", None)
    with caplog.at_level(logging.WARNING):
        run = train(tmp_path, "tracking=tensorboard")
    assert run.status == "finished"
    assert caplog.text.count("TensorBoard is off for the rest of this run") == 1
    assert install_command("tensorboard") in caplog.text


def test_no_link_is_followed(tmp_path, caplog):
    (tmp_path / "elsewhere").mkdir()
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    (outputs / "tensorboard").symlink_to(tmp_path / "elsewhere")
    with caplog.at_level(logging.WARNING):
        assert train(outputs, "tracking=tensorboard").status == "finished"
    assert "TensorBoard is off for the rest of this run" in caplog.text
    assert not list((tmp_path / "elsewhere").iterdir())
