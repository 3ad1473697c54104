"""A small benchmark. Oracle: the plain dense implementation, with equal weights and predictions."""

import json
import math
import re
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import benchmark

    precision = jax.config.jax_default_matmul_precision
    yield benchmark
    jax.config.update("jax_default_matmul_precision", precision)


def measured(benchmark, monkeypatch, capsys, place, *arguments):
    """Run the command; return the lines of its table, and its JSON output."""
    words = [
        "benchmark.py",
        "--seconds",
        "0",
        "--batches",
        "2",
        "--json",
        place / "all.json",
        *arguments,
    ]
    monkeypatch.setattr(sys, "argv", [str(word) for word in words])
    benchmark.main()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    return lines[2:], json.loads((place / "all.json").read_text())


SMALL = {
    "dense": (30, 4, 2),
    "sparse": (100, 4),
    "convolution": (2, 4),
}  # eight programs are compiled for each


@pytest.mark.slow
@pytest.mark.parametrize(
    "families", [["dense"], pytest.param([*SMALL], marks=pytest.mark.slow)], ids=["one", "all"]
)
def test_all_implementations_give_equal_results(benchmark, monkeypatch, capsys, tmp_path, families):
    cases = [benchmark.Case(family, *SMALL[family]) for family in families]
    monkeypatch.setattr(benchmark, "CASES", cases)
    lines, results = measured(benchmark, monkeypatch, capsys, tmp_path, "--only", *families)
    for case, line, result in zip(cases, lines, results, strict=True):
        assert line.startswith(f"| {case} |")
        assert (result["weights_agree"], result["answers_agree"]) == (1.0, 1.0)
        for what in ("train", "evaluate"):
            speed = result[what]
            assert speed["of_plain"] == pytest.approx(speed["darnax"] / speed["plain"])
            assert speed["of_floor"] == pytest.approx(speed["floor"] / speed["darnax"])


@pytest.mark.slow  # five runs are compiled
def test_the_cost_of_data_and_replicas_is_measured(
    benchmark, monkeypatch, capsys, tmp_path, mnist_directory
):
    from benchmarking import replicas

    monkeypatch.setenv("TFDS_DATA_DIR", str(mnist_directory))
    monkeypatch.setattr(benchmark, "EXPERIMENTS", ["digits_smoke"])
    monkeypatch.setattr(replicas, "COUNTS", (1, 2))
    (line,), (result,) = measured(benchmark, monkeypatch, capsys, tmp_path, "--data")
    assert line.startswith("| digits_smoke |")
    assert result["of_resident"] == pytest.approx(result["streamed"] / result["resident"])
    assert re.fullmatch(
        r"\| digits_smoke \| 1 \| [\d.]+ \| 1.00 \|",
        measured(benchmark, monkeypatch, capsys, tmp_path, "--replicas")[0][0],
    )


@pytest.mark.slow  # two runs are compiled
def test_the_cost_of_a_random_stage_is_measured(
    benchmark, monkeypatch, capsys, tmp_path, mnist_directory
):
    from benchmarking import stages

    monkeypatch.setenv("TFDS_DATA_DIR", str(mnist_directory))
    monkeypatch.setattr(stages, "FEWEST", 5)
    monkeypatch.setattr(stages, "EXPERIMENT", "+experiment=digits_smoke")
    arguments = ("--stages", "--only", "flip")
    (line,), (result,) = measured(benchmark, monkeypatch, capsys, tmp_path, *arguments)
    assert line.startswith("| flip |")
    assert result["low"] <= result["median"] <= result["high"]


@pytest.mark.parametrize("n", [20, 57, 400])
def test_the_interval_of_a_median_contains_it_in_19_of_20_cases(benchmark, n):
    """Oracle: the binomial distribution of the number of values below the median."""
    from benchmarking.stages import summarise

    found = summarise(np.arange(1, n + 1, dtype=float))
    low, high = int(found["low"]), int(found["high"])
    # The order statistics low and high enclose the median if between low and high - 1 are below it.
    inside = sum(math.comb(n, below) for below in range(low, high)) / 2**n
    assert 0.94 < inside < 0.985


@pytest.mark.slow
def test_two_checkouts_take_turns(monkeypatch):
    """Oracle: a checkout beside itself is as fast, within a factor that other load cannot reach."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    from benchmark_beside import compare, format_row
    from benchmarking.case import Case

    row = compare(Case("dense", 100, 16), ROOT, batches=64, pairs=5)
    assert all(0.2 < row[kind]["median"] < 5 for kind in ("train", "evaluate"))
    assert format_row(row).count("|") == 6


@pytest.mark.slow
def test_a_checkout_has_the_programs_of_itself(monkeypatch):
    """Oracle: the products of a dense step, which a change of the case removes."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    from benchmarking.case import Case
    from compare_programs import count_instructions, describe_difference

    dense, again = (count_instructions(ROOT, Case("dense", 300, 4)) for _ in range(2))
    assert describe_difference(dense["train"], again["train"]) == "none"
    sparse = count_instructions(ROOT, Case("sparse", 300, 4))
    assert count_dots(dense["train"]) > count_dots(sparse["train"])
    assert " dot f32[" in describe_difference(dense["train"], sparse["train"])


def count_dots(instructions):
    return sum(count for name, count in instructions.items() if name.startswith("dot "))
