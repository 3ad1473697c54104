"""Data of one's own in replicas, batched sweeps, several devices, and damaged files.

Oracles: single runs on one device; the data before the damage.
"""

import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_data import KINDS, write
from safetensors.numpy import load_file
from small_experiments import check_message
from virtual_devices import run_on_devices

import darnax
from darnax.builder import build
from darnax.composing.composer import compose
from darnax.data import Dataset
from darnax.errors import RequestError
from darnax.laboratory.data_digest import digest
from darnax.laboratory.data_filling import DataFiller
from darnax.laboratory.data_opening import open_choice

TINY = [
    "+experiment=digits_smoke",
    "model.depth=1",
    "model.features=20",
    "data.batch_size=4",
    "runner.epochs=2",
    "tracking=local",
]


def last_weights(run: darnax.Run) -> dict[str, np.ndarray]:
    """Return the arrays of the last checkpoint of a run."""
    return load_file(max((run.folder / "checkpoints").glob("step-*")))


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_replicas_and_batched_points_are_single_runs(
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [*TINY, *write(kind, tmp_path)]
    alone = [last_weights(darnax.train(*words, f"seed={seed}")) for seed in (3, 4)]
    both = last_weights(darnax.train(*words, "seed=3", "runner.replicas=2"))
    sweep = darnax.sweep(*words, "seed=3,4", "hydra/launcher=batched")
    batched = [last_weights(run) for run in sorted(sweep.runs, key=lambda run: run.config["seed"])]
    assert "one by one" not in caplog.text
    weights = [name for name, array in alone[0].items() if array.ndim > 0]
    assert len(weights) > 3
    for position, single in enumerate(alone):
        assert single.keys() == batched[position].keys() == both.keys()
        for name in weights:
            assert_close(batched[position][name], single[name])
            assert_close(both[name][position], single[name])


@pytest.mark.slow
def test_two_devices_train_as_one_on_every_source(tmp_path: Path) -> None:
    """Two virtual devices are requested in a separate process."""
    code = f"""
from pathlib import Path
import numpy as np
import darnax
from own_data import KINDS, write
from test_own_data import TINY, assert_close, last_weights
for kind in KINDS:
    place = Path({str(tmp_path)!r}) / kind
    place.mkdir()
    words = [*TINY, *write(kind, place), f"paths.outputs={{place}}"]
    one, two = (last_weights(darnax.train(*words, f"runner.devices={{n}}")) for n in (1, 2))
    assert one.keys() == two.keys()
    for name, expected in one.items():
        assert_close(two[name], expected)
"""
    root = Path(__file__).parents[2]
    run_on_devices(code, 2, Path(__file__).parent, root / "tests/extension", root)


def damage(content: bytes, rng: random.Random) -> bytes:
    """Return a file with an error: a cut, some other bytes, or some bytes twice."""
    place = rng.randrange(len(content))
    length = rng.randint(1, 20)
    how = rng.choice(["cut", "overwritten", "doubled"])
    if how == "cut":
        return content[:place]
    if how == "overwritten":
        return content[:place] + rng.randbytes(length) + content[place + length :]
    return content[: place + length] + content[place:]


def open_anew(config: dict[str, Any]) -> Dataset:
    """Open data as a new run does: the sizes first, then all examples."""
    experiment = build(config)
    experiment.data.source.outline(experiment.data.directory)
    return open_choice(experiment.data)


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("arrays", 3),
        ("table", 3),
        *(pytest.param(kind, 150, marks=pytest.mark.slow) for kind in KINDS if kind != "sklearn"),
    ],
)
def test_a_damaged_file_is_refused_or_read_and_leaves_nothing_behind(
    kind: str, count: int, tmp_path: Path, cases: Counter[str]
) -> None:
    config = compose([*TINY, *write(kind, tmp_path)], fill=DataFiller())
    expected = digest(open_anew(config))
    whole = shutil.copytree(tmp_path, tmp_path / "whole")
    rng = random.Random(kind)
    files = sorted(
        path.relative_to(whole)
        for path in whole.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(whole).parts)
    )
    for _ in range(count):
        file = rng.choice(files)
        (tmp_path / file).write_bytes(damage((whole / file).read_bytes(), rng))
        try:
            dataset = open_anew(config)
            cases["read"] += 1
            assert np.isfinite(np.asarray(dataset.train.inputs, np.float64)).all()
        except RequestError as error:
            cases["refused"] += 1
            check_message(error)
        shutil.copy2(whole / file, tmp_path / file)
        assert digest(open_anew(config)) == expected
