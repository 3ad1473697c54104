"""The figures of the guide of memory. Oracles: Gardner's bound, and what the page says of them."""

import runpy
from pathlib import Path

import pytest

from darnax.analysis.capacity import gardner_capacity

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "memory_figures.py"))


def test_a_measured_load_is_that_of_gardner() -> None:
    """Of 100 units among 200; the standard error is below 2 %."""
    found = SCRIPT["capacity_at"](1.0, units=200, seed=0)
    assert found == pytest.approx(gardner_capacity(1.0), rel=0.05)


def test_no_pattern_is_whole_at_the_start_and_all_at_the_end() -> None:
    adatron, _, hebb = SCRIPT["steps"](units=200, load=0.2, share=0.15).curves
    assert adatron.y[0] == 0
    assert adatron.y[-1] > 0.9
    assert hebb.y[-1] < 0.5


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(SystemExit, match="got basin, expected one of capacity, stored, basins"):
        SCRIPT["main"](["basin"])


def test_the_page_shows_every_figure() -> None:
    page = (ROOT / "docs" / "guides" / "memory.md").read_text()
    for name in SCRIPT["FIGURES"]:
        assert f"(../{name}.svg)" in page
        assert (ROOT / "docs" / f"{name}.svg").exists()
