"""Several threads of one process compose, sweep and export at once. Oracle: each thread alone."""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import words

import darnax
from darnax.atomic import write_atomically

TASK = [
    "+experiment=digits_smoke",
    "data=associations",
    "data.per_class=null",
    "~model.adapters.w_in.patch",
    "~model.adapters.w_out.rule",
    "model.features=10",
    "runner.epochs=1",
    "tracking=local",
]


@pytest.fixture(autouse=True)
def _switch_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_compositions_are_not_mixed_up() -> None:
    def compose(seed: int) -> dict[str, Any]:
        # `${hydra:…}` is resolved by an object that all threads share.
        word = f"+model.own=${{hydra:overrides.task.{len(TASK)}}}"
        return darnax.compose(*TASK, f"seed={seed}", f"model.features={10 + seed}", word)

    alone = [compose(seed) for seed in range(6)]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(compose, range(6)))
    assert together == alone
    assert [config["model"]["own"] for config in together] == [f"seed={n}" for n in range(6)]


@pytest.mark.slow
def test_sweeps_run_their_own_points(tmp_path: Path, mnist_directory: Path) -> None:
    def sweep(first: int) -> darnax.Sweep:
        place = [f"paths.outputs={tmp_path}", f"paths.data={mnist_directory}"]
        return darnax.sweep(*TASK, *place, f"seed={first},{first + 1}")

    with ThreadPoolExecutor(2) as pool:
        sweeps = list(pool.map(sweep, (10, 20)))
    for first, found in zip((10, 20), sweeps, strict=True):
        assert found.is_done
        assert [run.config["seed"] for run in found.runs] == [first, first + 1]


def test_concurrent_exports_write_complete_files(trained: darnax.Run, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: trained.export(path), range(8)))
    x = np.zeros((1, 28, 28, 1), np.uint8)
    assert np.array_equal(darnax.load(path).predict(x), trained.predict(x))
    assert [file.name for file in tmp_path.iterdir()] == ["net.safetensors"]


def test_a_run_is_resumed_by_one_thread_at_a_time(tmp_path: Path, mnist_directory: Path) -> None:
    run = darnax.train(*words(tmp_path, mnist_directory, "runner.epochs=1"))
    summary = json.loads((run.folder / "summary.json").read_text())
    text = json.dumps(summary | {"status": "interrupted"})
    (run.folder / "summary.json").write_text(text)

    def resume(_: int) -> str:
        try:
            return run.resume().status
        except darnax.RequestError as refusal:
            return str(refusal)

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(resume, range(3)))
    assert "finished" in found
    others = [each for each in found if each != "finished"]
    assert all("another process" in each or "is finished" in each for each in others)


def test_concurrent_writes_give_the_contents_of_one_thread(tmp_path: Path) -> None:
    path, contents = tmp_path / "file", [bytes([letter]) * 10_000 for letter in range(16)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda content: write_atomically(path, content), contents))
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]
