"""Oracles: counting how often every example is used; the streamed split equals the resident one."""

import itertools
import json
import shutil
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darnax.data import Resident, Split, Streamed, open_dataset, prepare
from darnax.data.reader import Arrays
from darnax.data.streamed import Part
from darnax.errors import RequestError


def numbers(chosen: np.ndarray) -> Arrays:
    """Return examples whose input and target are their index."""
    return Arrays(
        np.stack([chosen % 256, chosen // 256], 1).astype(np.uint8), chosen.astype(np.int32)
    )


def real(split: Split, epoch: int | None) -> list[int]:
    return [
        int(target)
        for window in split.windows(epoch)
        for target in np.asarray(window.targets)[: window.count]
    ]


@settings(deadline=None, max_examples=25)
@given(n=st.integers(1, 700), window=st.integers(1, 300), epoch=st.integers(0, 9))
def test_streamed_windows_cover_an_epoch_once(n: int, window: int, epoch: int) -> None:
    split = Streamed(numbers, np.arange(n) + 5, window, seed=0)
    assert real(split, None) == list(range(5, n + 5))
    came, count = Counter(real(split, epoch)), -(-n // window)
    assert max(came.values()) == 1
    assert set(came) <= set(range(5, n + 5))
    assert n - count < len(came) <= n


@settings(deadline=None, max_examples=10)
@given(n=st.integers(1, 500), window=st.integers(1, 300))
def test_streamed_windows_have_one_shape_and_are_bounded(n: int, window: int) -> None:
    split = Streamed(numbers, np.arange(n), window, seed=0)
    for epoch in (None, 0):
        windows = list(split.windows(epoch))
        assert len({w.inputs.shape for w in windows}) == 1
        assert windows[0].inputs.shape[0] <= window
        assert all(w.count == len(w.targets) for w in windows[:-1])
        for w in windows:
            np.testing.assert_array_equal(
                np.asarray(w.inputs).astype(int) @ [1, 256], np.asarray(w.targets)
            )


@settings(deadline=None, max_examples=10)
@given(n=st.integers(1, 300), window=st.integers(1, 100), parts=st.integers(1, 4))
def test_the_parts_of_a_window_are_the_window(n: int, window: int, parts: int) -> None:
    whole = Streamed(numbers, np.arange(n), window, seed=0)
    shared = [replace(whole, part=Part(index, parts, multiple=2)) for index in range(parts)]
    for epoch in (None, 0):
        iterators = [split.windows(epoch) for split in shared]
        for expected, *found in zip(whole.windows(epoch), *iterators, strict=True):
            assert {w.count for w in found} == {expected.count}
            assert len({w.inputs.shape for w in found}) == 1
            assert len(found[0].targets) % 2 == 0
            joined = np.concatenate([w.targets for w in found])
            np.testing.assert_array_equal(joined[: len(expected.targets)], expected.targets)
            assert len(joined) < len(expected.targets) + 2 * parts


def test_the_order_is_of_seed_and_epoch() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        return real(Streamed(numbers, np.arange(300), 100, seed), epoch)

    assert order(1, 2) == order(1, 2)
    assert order(1, 2) != order(1, 3)
    assert order(1, 2) != order(2, 2)
    assert order(1, 2) != sorted(order(1, 2))


def test_a_window_is_drawn_from_the_whole_split() -> None:
    first = next(Streamed(numbers, np.arange(1000), 100, seed=0).windows(0))
    assert int(first.targets.max()) - int(first.targets.min()) > 800


def test_reads_one_window_ahead_and_no_further() -> None:
    read: list[int] = []

    def counted(chosen: np.ndarray) -> Arrays:
        read.append(len(chosen))
        return numbers(chosen)

    window = 1280
    windows = Streamed(counted, np.arange(10 * window), window, seed=0).windows(0)
    next(windows)
    for _ in range(100):
        if sum(read) >= 2 * window:
            break
        time.sleep(0.02)
    time.sleep(0.1)
    assert 2 * window <= sum(read) <= 2.2 * window


def test_an_epoch_can_be_read_after_an_interrupted_one() -> None:
    split = Streamed(numbers, np.arange(2000), 300, seed=0)
    windows = split.windows(0)
    next(windows)
    del windows
    assert len(real(split, 1)) == 1995 // 7 * 7


def test_resident_is_one_window_put_on_the_device_once() -> None:
    split = Resident(*numbers(np.arange(20)))
    (first,), (second,), (third,) = (list(split.windows(epoch)) for epoch in (0, 1, None))
    assert first.inputs is second.inputs is third.inputs
    assert isinstance(first.inputs, jax.Array)
    assert first.count == len(split) == 20


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"validation": 7},
        {"only_classes": [8, 3], "per_class": 2},
        {"per_class": 3, "validation": 5},
    ],
)
def test_streamed_equals_resident_as_multisets(
    tiny: Path, tmp_path: Path, options: dict[str, object]
) -> None:
    resident = open_dataset("mnist", directory=tmp_path, **options)
    streamed = open_dataset("mnist", directory=tmp_path, memory_gib=1e-6, window=7, **options)
    assert isinstance(streamed.train, Streamed)
    assert resident.class_names == streamed.class_names
    for name in ("train", "validation", "test"):
        one, other = getattr(resident, name), getattr(streamed, name)
        assert (one is None) == (other is None)
        if one is not None:
            assert examples(one) == examples(other)
            assert len(one) == len(other)


@pytest.mark.parametrize(
    "split", [Resident(*numbers(np.arange(9))), Streamed(numbers, np.arange(9), 4, seed=0)]
)
def test_an_example_has_the_shape_and_dtype_of_the_windows(split: Split) -> None:
    inputs = next(split.windows(None)).inputs
    assert (split.example().shape, split.example().dtype) == (inputs.shape[1:], inputs.dtype)


def test_reading_an_example_reads_no_more_records() -> None:
    read: list[int] = []

    def counted(chosen: np.ndarray) -> Arrays:
        read.append(len(chosen))
        return numbers(chosen)

    Streamed(counted, np.arange(1000), 500, seed=0).example()
    assert read == [1]


def examples(split: Split) -> list[tuple[bytes, int]]:
    """Return the examples in order; evaluation reads both in the order of the set."""
    return [
        (bytes(np.asarray(x)), int(t))
        for w in split.windows(None)
        for x, t in zip(
            np.asarray(w.inputs)[: w.count], np.asarray(w.targets)[: w.count], strict=True
        )
    ]


def test_a_window_of_the_default_size_is_a_quarter_of_the_memory(
    tiny: Path, tmp_path: Path
) -> None:
    memory = 40 * 784
    streamed = open_dataset("mnist", directory=tmp_path, memory_gib=memory / 2**30)
    assert isinstance(streamed.train, Streamed)
    assert streamed.train.window == 10


def test_damage_found_while_streaming_is_reported(tiny: Path, tmp_path: Path) -> None:
    streamed = open_dataset("mnist", directory=tmp_path, memory_gib=1e-6, window=20)
    record = tmp_path / "mnist/3.0.1/mnist-train.array_record-00000-of-00001"
    raw = bytearray(record.read_bytes())
    raw[20_000:40_000] = bytes(20_000)
    record.write_bytes(raw)
    with pytest.raises(RequestError, match=r"train of mnist in .* cannot be read"):
        list(streamed.train.windows(0))


def test_a_set_without_test_split_is_tested_on_a_part_of_train(tiny: Path, tmp_path: Path) -> None:
    folder = prepare("kmnist", tmp_path, archives=tiny)
    shutil.copytree(folder, tmp_path / "alone/1.0.0", ignore=shutil.ignore_patterns("decoded"))
    info = json.loads((tmp_path / "alone/1.0.0/dataset_info.json").read_text())
    info["splits"] = [
        split | {"filepathTemplate": "kmnist-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"}
        for split in info["splits"]
    ]
    del info["splits"][1]
    (tmp_path / "alone/1.0.0/dataset_info.json").write_text(
        json.dumps(info | {"name": "alone", "version": "1.0.0"})
    )
    with pytest.raises(RequestError, match=r"alone has the split train alone.*\+data\.test=1000"):
        open_dataset("alone", directory=tmp_path)
    dataset = open_dataset("alone", directory=tmp_path, test=9, validation=7)
    parts = [examples(split) for split in (dataset.train, dataset.validation, dataset.test)]
    assert list(map(len, parts)) == [44, 7, 9]
    assert Counter(itertools.chain(*parts)) == Counter(
        examples(open_dataset("kmnist", directory=tmp_path).train)
    )
    with pytest.raises(
        RequestError, match=r"data\.test: got 9, but kmnist has the split test to test on"
    ):
        open_dataset("kmnist", directory=tmp_path, test=9)
