"""Small files with costly contents. Oracle: the time, and that the process survives."""

import contextlib
import math
import os
import struct
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hanging import interrupted_if_endless
from optuna.distributions import IntDistribution

from darnax.bounded_yaml import load_plain
from darnax.builder.bibliography import entries_of
from darnax.builder.problems import Problems
from darnax.data import Window
from darnax.errors import RequestError
from darnax.files import expand_user
from darnax.reports import analysis
from darnax.reports.configuration import short_names
from darnax.reports.runs import Run
from darnax.runner import checkpoint
from darnax.runner import evaluate as evaluating
from darnax.sweeps.point import Objective
from darnax.sweeps.recorded_overrides import merge_overrides
from darnax.sweeps.search_parts import read_sampler, try_sampler
from darnax.sweeps.survey import best_logged
from darnax.tracking.jsonl import Jsonl

MANY = 200_000
COSTLY = {
    "brackets after a comment that closes as many": f"#{']' * MANY}\na: {'[' * MANY}",
    "brackets after a string that closes as many": f"a: '{']' * MANY}'\nb: {'[' * MANY}",
    "dashes after a mark of the byte order": "\ufeff" + "- " * MANY,
    "dashes after a carriage return": "a:\r" + "- " * MANY,
    "dashes after a separator of lines": "\u2028" + "- " * MANY,
    "dashes after another end of a line": "\x85" + "- " * MANY,
    "question marks": "? " * MANY,
    "a sexagesimal integer": "a: 1" + ":00" * MANY,
    "a sexagesimal number beyond float range": "a: 1" + ":00" * 400 + ".5",
    "a number that is not decimal": "a: 0x" + "f" * 6000,
    "more values than any configuration": f"[{'0,' * (1 << 20)}0]",
    "many keys of large total length": "".join(
        f"{' ' * n}? {'k' * 100}\n{' ' * n}:\n" for n in range(15)
    ),
    "one long key": f"? {'a.' * 1000}a\n: 1",
}


@pytest.mark.parametrize("text", COSTLY.values(), ids=COSTLY)
def test_costly_yaml_is_refused(text):
    with (
        interrupted_if_endless(),
        pytest.raises(ValueError, match=r"too deep|characters|list or a mapping"),
    ):
        load_plain(text)


def test_nesting_levels_are_counted_as_by_the_reader():
    assert load_plain("a: '" + "[" * 1000 + "' # " + "{" * 1000)
    assert load_plain("[" * 200 + "]" * 200)
    with pytest.raises(ValueError, match=r"too deep"):
        load_plain("[" * 201 + "]" * 201)


@pytest.mark.parametrize(
    "word", ["+" * 400_000, "+~" * 200_000, "a" * 400_000, "'" + "=" * 400_000]
)
def test_overrides_are_read_in_linear_time(tmp_path, word):
    (tmp_path / "overrides.yaml").write_text(
        f"- {word}\n- +model.depth=2\n- ~data.test\n- '++seed=1'\n"
    )
    with interrupted_if_endless():
        assert {"model.depth", "seed"} <= Run(tmp_path, "finished").overridden_keys


@pytest.mark.parametrize("replicas", [10**9, 10**300, -5, True, None])
def test_a_huge_number_of_replicas_creates_no_list_of_seeds(tmp_path, replicas):
    assert (
        len(Run(tmp_path, "finished", config={"seed": 0, "runner.replicas": replicas}).seeds) <= 1
    )


def test_a_long_name_has_few_suffixes():
    key = ".".join(["a"] * 60_000)
    assert short_names([key, "b.c"], [key, "b.c"]) == {key: "a", "b.c": "c"}


def test_a_folder_from_a_year_beyond_datetime_is_a_run(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "stat", lambda *_, **__: os.stat_result([0o40755, *[0] * 7, 2**60, 0]))
    assert Run(tmp_path / "run", "finished").when.year <= 1970


def test_a_file_larger_than_memory_is_not_read_as_checkpoint(tmp_path):
    with (tmp_path / "step-0000000001.safetensors").open("ab") as file:
        file.truncate(1 << 42)  # a sparse file
    with pytest.raises(RequestError, match="has more than"):
        checkpoint.load(tmp_path / "step-0000000001.safetensors", {})


def test_a_huge_record_has_no_best_value(tmp_path):
    with (tmp_path / "metrics.jsonl").open("ab") as file:
        file.truncate(1 << 42)
    assert math.isnan(best_logged(tmp_path / "metrics.jsonl", Objective(value="best")))
    with pytest.raises(OSError, match="has more than"):
        Jsonl(tmp_path / "metrics.jsonl")


def test_a_table_of_too_many_rows_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(analysis, "MOST_ROWS", 3)
    (tmp_path / "table.csv").write_text("a\n1\n2\n3\n")
    assert len(analysis.table(tmp_path / "table.csv")) == 3
    (tmp_path / "table.csv").write_text("a\n1\n2\n3\n4\n")
    with pytest.raises(ValueError, match="has more than 3 rows"):
        analysis.table(tmp_path / "table.csv")


def test_an_unclosed_citation_ends_at_the_next_entry():
    assert entries_of("@a{b,\n {x}\n@c{d,\n}\n rest") == {"b": "@a{b,\n{x}", "d": "@c{d,\n}"}
    with interrupted_if_endless():
        assert len(entries_of("".join(f"@a{{b{n},\n" for n in range(100_000)))) == 100_000


@pytest.mark.parametrize("number", [10**9, 100_001])
def test_a_sampler_setting_has_an_upper_bound(number):
    problems = Problems()
    node = {"_target_": "optuna.samplers.TPESampler", "n_ei_candidates": number}
    assert read_sampler(node, problems) is None
    assert f"got {number}, expected 100000 at most" in str(problems.found[0])


def test_a_grid_sampler_has_a_bounded_number_of_values():
    problems = Problems()
    sampler = read_sampler({"_target_": "optuna.samplers.BruteForceSampler"}, problems)
    with pytest.raises(RequestError, match="seed: got 2000000001 values"):
        try_sampler(sampler, None, {"seed": IntDistribution(0, 2 * 10**9)}, 20)
    try_sampler(sampler, None, {"seed": IntDistribution(0, 20)}, 20)


@pytest.mark.parametrize(("count", "taken"), [(1, True), (10**6, False)])
@pytest.mark.parametrize(
    "word", ["joblib hydra.launcher.n_jobs", "submitit_local hydra.launcher.tasks_per_node"]
)
def test_a_record_starts_no_more_processes_than_there_are_cores(word, count, taken):
    launcher, key = word.split()
    words = [f"hydra/launcher={launcher}", f"{key}={count}"]
    if taken:
        assert merge_overrides(words, []) == words
        return
    with pytest.raises(RequestError, match="more processes than 4 for each core here"):
        merge_overrides(words, [])
    assert merge_overrides(words, [words[1]]) == words


def test_an_image_of_gigabytes_is_not_decoded():
    import cv2

    width, height = 1 << 15, 1 << 14
    rows = zlib.compress(b"\0" * (width // 8 + 1) * height, 1)
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)),
        (b"IDAT", rows),
        (b"IEND", b""),
    ]
    blocks = (
        struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in parts
    )
    picture = np.frombuffer(b"\x89PNG\r\n\x1a\n" + b"".join(blocks), np.uint8)
    decoded = None
    with contextlib.suppress(cv2.error):
        decoded = cv2.imdecode(picture, cv2.IMREAD_UNCHANGED)
    assert decoded is None


def test_the_home_of_an_unknown_user_is_not_expanded():
    assert expand_user("~nobody-of-this-name/data") == Path("~nobody-of-this-name/data")


def test_confusions_of_many_classes_are_not_counted(monkeypatch):
    labels = SimpleNamespace(
        right_or_wrong=True, score_name="accuracy", higher_is_better=True, of_inputs=False
    )
    program = SimpleNamespace(labels=labels, encode=SimpleNamespace(always=()))
    runs = SimpleNamespace(program=program, to_devices=lambda window: window)
    found = np.ones((1, 3)), np.zeros((1, 3), int)  # scores and answers
    monkeypatch.setattr(evaluating, "evaluate_window", lambda *_: found)
    split = SimpleNamespace(
        windows=lambda epoch: [Window(np.zeros((3, 1)), np.zeros(3, np.int32), 3)]
    )
    for count, kept in ((2000, 2000), (1_000_000, 0)):
        evaluation = evaluating.evaluate(runs, None, split, tuple(map(str, range(count))))
        assert len(evaluation.class_names) == len(evaluation.confusion) == kept
        assert evaluation.accuracy == 1
