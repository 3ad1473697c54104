"""The figures of the guide of memory. Oracles: Gardner's bound, and what the page says of them."""

import json
import re
import runpy
import sys
from pathlib import Path

import pytest

from darnax.analysis.capacity import gardner_capacity

ROOT = Path(__file__).parents[2]
# At the end: scripts/profile.py has the name of a module of the standard library.
sys.path.append(str(ROOT / "scripts"))
FIGURES = runpy.run_path(str(ROOT / "scripts" / "reproduction" / "memory_figures.py"))
MEASURES = runpy.run_path(str(ROOT / "scripts" / "reproduction" / "memory.py"))
RULES = runpy.run_path(str(ROOT / "scripts" / "reproduction" / "memory_rules.py"))
PHYSICS = json.loads((ROOT / "docs" / "receipts.json").read_text())["physics"]


def test_a_measured_load_is_that_of_gardner() -> None:
    """Of 100 units among 200; the standard error is below 2 %."""
    found = MEASURES["capacity_at"](1.0, units=200, seed=0)
    assert found == pytest.approx(gardner_capacity(1.0), rel=0.05)


@pytest.mark.parametrize(("weakest", "fewest", "most"), [(0.05, 90, 99), (0.0, 99, 100)])
def test_units_reach_the_margin_at_the_load_of_these_units(weakest, fewest, most) -> None:
    """Oracle: the stabilities of all 100 units at this load, of which 95 or all should reach it."""
    load = MEASURES["load_of_units"](1.0, 100, 0, 100, weakest)
    found = MEASURES["largest_stabilities"](100, round(100 * load) / 100, 0, 100)
    assert fewest <= (found >= 1.0).sum() <= most


def test_a_digit_in_couplings_among_its_pixels_is_stored_and_not_recalled_from_half() -> None:
    """Oracle: every fixed point is recalled from itself; black pixels all point to one side."""
    store = RULES["memory_digits_without_hidden_units"]
    (row,) = store(ROOT, count=50, steps=2000)
    assert float(row["0 % flipped"]) == 1
    assert float(row["half black"]) < 0.5


def test_the_pseudo_inverse_stores_below_as_many_patterns_as_units_and_hebb_few() -> None:
    """Oracle: the projection is the identity at a load of 1 (Personnaz et al. 1985)."""
    found = RULES["memory_stored_by_rule"](ROOT, units=100, loads=(0.05, 0.5, 0.75, 1.5))
    rows = {row["α"]: row for row in found}
    assert rows[0.75]["pseudo-inverse"] == rows[0.05]["Hebb"] == "1.000 ± 0.000"
    assert rows[1.5]["pseudo-inverse"] == rows[0.5]["Hebb"] == "0.000 ± 0.000"


def test_all_patterns_are_stored_far_below_the_bound_and_none_above_it() -> None:
    """Oracle: Gardner's bound, above which no couplings give a unit the margin."""
    store = FIGURES["fraction_stored"]
    assert store(100, 0.5 * gardner_capacity(1.0), 1.0, seed=0) == 1
    assert store(100, 1.5 * gardner_capacity(1.0), 1.0, seed=0, steps=300) == 0


def test_no_pattern_is_whole_at_the_start_and_all_at_the_end() -> None:
    rows = FIGURES["memory_kinds"](ROOT, units=200, load=0.2, flipped=0.15)
    (start, *_, end), _ = FIGURES["read_spreads"]([row["AdaTron"] for row in rows])
    assert start == 0
    assert end > 0.9
    (*_, hebb), _ = FIGURES["read_spreads"]([row["Hebb"] for row in rows])
    assert hebb < 0.5


def test_the_figures_are_drawn_as_they_are_tabulated() -> None:
    measured = {name: result["rows"] for name, result in PHYSICS.items()}
    page = (ROOT / "docs" / "guides" / "memory.md").read_text()
    for name in ("memory-capacity", "memory-recall"):
        picture = FIGURES[f"draw_{name.replace('-', '_')}"](measured)
        assert picture == (ROOT / "docs" / f"{name}.svg").read_text()
        assert f"(../{name}.svg)" in page


def test_the_receipts_hold_what_the_page_says() -> None:
    """The bound within 1 %; the basins where κ is 0.9, and at 0.15 of the largest."""
    for row in PHYSICS["memory_capacity"]["rows"]:
        (mean,), _ = FIGURES["read_spreads"]([row["measured α"]])
        assert mean == pytest.approx(gardner_capacity(row["κ"]), rel=0.01)
    by_size = ("memory_capacity_by_size", "memory_capacity_of_all_units")
    for row in [row for name in by_size for row in PHYSICS[name]["rows"]]:
        assert float(row["N → ∞"]) == pytest.approx(gardner_capacity(row["κ"]), rel=0.05)
    rows = PHYSICS["memory_map"]["rows"]
    assert len(rows) == len(MEASURES["LOADS"]) * len(MEASURES["FRACTIONS"])
    assert all(row["units with κ"] == "1.000" for row in rows if row["κ/κ_max"] < 0.9)
    assert all(row["5 %"] == "0.000" for row in rows if row["κ/κ_max"] == 0.15)
    alike = [row for row in rows if 0.9 <= float(row["κ"]) <= 0.93 and row["α"] <= 0.4]
    assert [row["α"] for row in alike] == [0.1, 0.2, 0.3, 0.4]
    assert all(float(row["10 %"]) > 0.9 and float(row["15 %"]) < 0.5 for row in alike)


def test_patterns_are_stored_where_the_page_says() -> None:
    """All of them up to 0.8 of the bound, and none from 0.95 on."""
    for row in PHYSICS["memory_stored_patterns"]["rows"]:
        cells = {row[f"κ = {margin}"] for margin in FIGURES["MARGINS"]}
        if row["α/α_c"] <= 0.8:
            assert cells == {"1.000 ± 0.000"}
        if row["α/α_c"] >= 0.95:
            assert cells <= {"0.000 ± 0.000", ""}


def test_a_small_map_has_a_row_for_every_point() -> None:
    """Oracle: more is recalled with the larger stability, and with fewer flips."""
    low, high = MEASURES["memory_map"](ROOT, units=100, loads=(0.2,), fractions=(0.15, 0.6))
    assert (low["α"], low["κ/κ_max"], high["units with κ"]) == (0.2, 0.15, "1.000")
    columns = [MEASURES["column_of"](share) for share in MEASURES["SHARES"]]
    values = [float(high[column]) for column in columns]
    assert values[0] > 0.9 > 0.5 > values[-1]
    assert float(low["10 %"]) < 0.1


def test_the_map_is_drawn_as_it_is_tabulated() -> None:
    """Oracle: the table; the opacity of a cell is its fraction, the smallest κ is at the bottom."""
    draw = runpy.run_path(str(ROOT / "scripts" / "reproduction" / "heat.py"))["draw_memory_map"]
    rows = PHYSICS["memory_map"]["rows"]
    picture = draw(rows)
    assert picture == (ROOT / "docs" / "memory_map.svg").read_text()
    cells = re.findall(r'<rect x="(.*?)" y="(.*?)" .*? fill-opacity: (.*?)"/>', picture)
    columns = [MEASURES["column_of"](share) for share in MEASURES["SHARES"]]
    expected = [float(row[column]) for row in rows for column in columns]
    assert [float(value) for *_, value in cells][: len(expected)] == expected
    assert float(cells[0][1]) > float(cells[len(columns)][1])
    assert "(../memory_map.svg)" in (ROOT / "docs" / "guides" / "memory.md").read_text()
