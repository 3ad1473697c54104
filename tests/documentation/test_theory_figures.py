"""The figures of the theory page. Oracle: closed forms, and what the page says of them."""

import runpy
from math import erf, log2, sqrt
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "theory_figures.py"))


def test_without_self_coupling_half_of_the_units_change_and_with_a_large_one_few() -> None:
    panel = SCRIPT["flips"](units=300, batch=4, steps=12)
    last = [curve.y[-1] for curve in panel.curves]
    assert last[0] == pytest.approx(0.5, abs=0.05)
    assert sorted(last, reverse=True) == last
    assert last[-1] < 0.02


def test_counted_fixed_points_are_those_of_the_formula() -> None:
    counted, formula = SCRIPT["fixed_points"]().curves
    for j_d, a, b in zip(counted.x, counted.y, formula.y, strict=True):
        assert b == pytest.approx(log2(1 + erf(j_d / sqrt(13 / 14) / sqrt(2))), abs=0.01)
        assert a == pytest.approx(b, abs=0.01)


@pytest.mark.slow
def test_a_larger_margin_has_a_larger_basin() -> None:
    panel = SCRIPT["basins"](units=100)
    at_a_fifth = [curve.y[4] for curve in panel.curves]
    assert sorted(at_a_fifth) == at_a_fifth
    assert [curve.y[0] for curve in panel.curves] == [1.0] * 4  # the patterns are fixed points


def test_the_page_shows_every_figure() -> None:
    page = (ROOT / "docs" / "theory.md").read_text()
    for name in SCRIPT["FIGURES"]:
        assert f"({name}.svg)" in page
        assert (ROOT / "docs" / f"{name}.svg").exists()
