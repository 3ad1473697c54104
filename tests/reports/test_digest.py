"""The digest of a record. Oracle: the same from a list of all rows, without regard to memory."""

import json
import math
import random
import tracemalloc

import pytest

from darnax.reports import digest as digest_module
from darnax.reports.digest import digest
from darnax.reports.record import number, rows
from darnax.reports.sample import find_extreme

NAMES = ("a", "a_sd", "b", "c/d", "step")
ODD = (None, True, "0.5", math.nan, math.inf, -math.inf, 10**400, [1], {}, 0, -3, 2**60)


def draw_record(seed: int, length: int) -> list[dict]:
    """Return rows in which anything may be missing, repeated, in any order, or no number."""
    draw = random.Random(seed)
    record = []
    for i in range(length):
        row = {}
        for name in NAMES:
            if draw.random() < 0.8:
                row[name] = draw.choice(ODD) if draw.random() < 0.1 else draw.randint(0, 50) / 7
        if draw.random() < 0.9:
            row["epoch"] = draw.choice((i, float(i), i // 3, draw.random(), None))
        record.append(row)
    return record


def list_points(record: list[dict], name: str) -> dict[float, float]:
    found = {}
    for row in record:
        epoch, value = number(row.get("epoch")), number(row.get(name))
        if not math.isnan(epoch) and not math.isnan(value):
            found[epoch] = value
    return dict(sorted(found.items()))


@pytest.mark.parametrize("block", [1, 7, 1000])
@pytest.mark.parametrize("seed", range(5))
def test_a_digest_has_the_points_and_extremes_of_all_rows(monkeypatch, seed, block):
    monkeypatch.setattr(digest_module, "BLOCK", block)
    record = draw_record(seed, 50)
    found = digest(iter(record))
    assert not found.is_thinned
    for name in (*NAMES, "epoch"):
        epochs, values = found.points.get(name, ([], []))
        expected = {} if name in ("step", "epoch") else list_points(record, name)
        assert dict(zip(epochs, values, strict=True)) == expected
        assert list(epochs) == list(expected)
        numbers = [number(row.get(name)) for row in record]
        finite = [value for value in numbers if not math.isnan(value)]
        for how, choose in (("highest", max), ("lowest", min)):
            value, sd = found.extremes[name][how]
            row = record[numbers.index(choose(finite))]
            expected_sd = number(row.get(f"{name}_sd"))
            assert value == choose(finite)
            assert sd == expected_sd or (math.isnan(sd) and math.isnan(expected_sd))
            assert repr(find_extreme(record, name, how)) == repr(found.extremes[name][how])


def test_of_a_long_record_evenly_chosen_points_and_the_last_one_are_kept(monkeypatch):
    monkeypatch.setattr(digest_module, "MOST_POINTS", 100)
    record = [{"epoch": i / 8, "often": math.sin(i)} for i in range(5001)]
    for row in record[::50]:
        row["rare"] = row["epoch"] ** 2
    record[1234]["often"], record[4321]["often"] = 7.0, -7.0
    found = digest(record)
    assert found.is_thinned
    epochs, values = found.points["often"]
    assert epochs == [row["epoch"] for row in record[::64]] + [record[-1]["epoch"]]
    assert dict(zip(epochs, values, strict=True)).items() <= list_points(record, "often").items()
    assert found.extremes["often"]["highest"].value == 7.0
    assert found.extremes["often"]["lowest"].value == -7.0
    epochs, values = found.points["rare"]
    assert len(epochs) == 51  # of 101: a metric that was logged rarely is thinned by itself
    assert values == [epoch**2 for epoch in epochs]


def test_a_record_takes_no_memory_in_proportion_to_its_length(tmp_path):
    path = tmp_path / "metrics.jsonl"
    with path.open("w") as file:
        for step in range(20_000):
            row = {"step": step, "epoch": step / 7, "a": step / 3, "text": "x" * 1000}
            file.write(json.dumps(row) + "\n")
    tracemalloc.start()
    found = digest(rows(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.extremes["a"]["highest"].value == 19_999 / 3
    assert peak < path.stat().st_size / 2


def test_the_number_of_metrics_of_a_record_is_bounded(monkeypatch):
    monkeypatch.setattr(digest_module, "MOST_METRICS", 3)
    found = digest({"epoch": i, f"m{i}": 1.0} for i in range(10))
    assert set(found.extremes) == {"epoch", "m0", "m1"}


def test_only_the_wanted_metrics_are_digested_and_the_others_named():
    """Oracle: the digest of all metrics."""
    record = [{"epoch": 1.0, "a": 0.5, "b": 2.0, "c": None}, {"epoch": 2.0, "a": 0.7, "b": 1.0}]
    everything, found = digest(record), digest(record, {"a"})
    assert found.points == {"a": everything.points["a"]}
    assert found.extremes == {"a": everything.extremes["a"]}
    assert found.others == {"b"}
