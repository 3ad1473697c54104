"""Small files cost little, whatever stands in them: oracle is the time, and that the process is still there."""

import os
import time

import pytest

from darnax.bounded_yaml import load_plain
from darnax.reports.configuration import short_names
from darnax.reports.runs import Run

MANY = 200_000
COSTLY = {
    "brackets after a comment that closes as many": f"#{']' * MANY}\na: {'[' * MANY}",
    "brackets after a word that closes as many": f"a: '{']' * MANY}'\nb: {'[' * MANY}",
    "dashes after a mark of the byte order": "\ufeff" + "- " * MANY,
    "dashes after a carriage return": "a:\r" + "- " * MANY,
    "dashes after a separator of lines": "\u2028" + "- " * MANY,
    "dashes after another end of a line": "\x85" + "- " * MANY,
    "question marks": "? " * MANY,
    "a whole number in the system of sixty": "a: 1" + ":00" * MANY,
    "a number in the system of sixty beyond the floats": "a: 1" + ":00" * 400 + ".5",
    "a number that is not written in tens": "a: 0x" + "f" * 6000,
    "more values than any configuration": f"[{'0,' * (1 << 20)}0]",
    "keys that are long together": "".join(f"{' ' * n}? {'k' * 100}\n{' ' * n}:\n" for n in range(15)),
    "one long key": f"? {'a.' * 1000}a\n: 1",
}


@pytest.mark.parametrize("text", COSTLY.values(), ids=COSTLY)
def test_costly_yaml_is_refused_at_once(text):
    began = time.perf_counter()
    with pytest.raises(ValueError, match=r"too deep|characters|list or a mapping"):
        load_plain(text)
    assert time.perf_counter() - began < 2


def test_levels_are_counted_as_the_reader_has_them():
    assert load_plain("a: '" + "[" * 1000 + "' # " + "{" * 1000)
    assert load_plain("[" * 200 + "]" * 200)
    with pytest.raises(ValueError, match=r"too deep"):
        load_plain("[" * 201 + "]" * 201)


@pytest.mark.parametrize("word", ["+" * 400_000, "+~" * 200_000, "a" * 400_000, "'" + "=" * 400_000])
def test_words_of_overrides_are_read_in_the_time_of_their_length(tmp_path, word):
    (tmp_path / "overrides.yaml").write_text(f"- {word}\n- +model.depth=2\n- ~data.test\n- '++seed=1'\n")
    began = time.perf_counter()
    assert {"model.depth", "seed"} <= Run(tmp_path, "finished").overridden
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("replicas", [10**9, 10**300, -5, True, None])
def test_a_number_of_replicas_that_no_run_has_makes_no_list_of_seeds(tmp_path, replicas):
    assert len(Run(tmp_path, "finished", config={"seed": 0, "runner.replicas": replicas}).seeds) <= 1


def test_a_name_of_many_words_has_few_endings():
    key = ".".join(["a"] * 60_000)
    assert short_names([key, "b.c"], [key, "b.c"]) == {key: "a", "b.c": "c"}


def test_a_folder_from_a_year_that_python_does_not_know_is_a_run(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "stat", lambda *_, **__: os.stat_result([0o40755, *[0] * 7, 2**60, 0]))
    assert Run(tmp_path / "run", "finished").when.year <= 1970
