"""The page of experiments, and numbers on other pages. Oracle: the receipts."""

import json
import re
import runpy
from pathlib import Path
from statistics import fmean, stdev

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "experiments_page.py"))
RECEIPTS = json.loads((ROOT / "docs" / "receipts.json").read_text())
ACCURACY = re.compile(r"0\.\d{4}(?: ± 0\.\d{4})?")


@pytest.fixture(scope="module")
def page() -> str:
    return SCRIPT["PAGE"].read_text()


def test_the_page_is_up_to_date(page: str) -> None:
    assert SCRIPT["write_page"]() == page, "run `make reference`"


def test_every_experiment_has_a_part(page: str) -> None:
    for file in (ROOT / "configs" / "experiment").glob("*.yaml"):
        assert f"\n## `{file.stem}`\n" in page


def test_a_row_has_the_mean_of_its_receipts(page: str) -> None:
    receipts = RECEIPTS["runs"]["darnax train +experiment=mnist_chain data.validation=0"].values()
    values = [receipt["metrics"]["test/accuracy"] for receipt in receipts]
    part = page.partition("\n## `mnist_chain`\n")[2].partition("\n## ")[0]
    assert f"| none | {fmean(values):.4f}\u00a0±\u00a0{stdev(values):.4f} | 3 |" in part


@pytest.mark.parametrize("name", ["README.md", "docs/relaxation.md"])
def test_an_accuracy_is_one_of_the_results_page(name: str) -> None:
    results = (ROOT / "docs" / "results.md").read_text()
    found = ACCURACY.findall((ROOT / name).read_text())
    assert len(found) >= 5
    for number in found:
        assert number in results, number
