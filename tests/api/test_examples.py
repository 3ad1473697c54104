"""Examples in the docstrings of all public names. Oracle: doctest, which runs them."""

import doctest
from pathlib import Path

import pytest

import darnax

FINDER = doctest.DocTestFinder(recurse=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("examples")


@pytest.mark.parametrize("name", darnax.__all__)
def test_the_example_runs(name: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    tests = FINDER.find(getattr(darnax, name), name)
    assert sum(len(test.examples) for test in tests) > 0
    assert not any("SKIP" in example.source for test in tests for example in test.examples)
    failures = []
    runner = doctest.DocTestRunner(verbose=False)
    for test in tests:
        runner.run(test, out=failures.append)
    assert not failures, "".join(failures)
