"""Examples in the docstrings of all public names. Oracle: doctest, which runs them."""

import doctest
from pathlib import Path

import pytest

import darnax

FINDER = doctest.DocTestFinder(recurse=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, mnist_directory: Path) -> Path:
    """Return a working directory with a folder of datasets in which MNIST is prepared."""
    place = tmp_path_factory.mktemp("examples")
    mnist_directory.mkdir(parents=True, exist_ok=True)
    (place / "sets").symlink_to(mnist_directory)
    return place


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
