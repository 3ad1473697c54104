"""Writes the table of cases in docs/development/reliability.md from reports of pytest.

    pytest --junitxml=report.xml tests/reliability
    python scripts/reliability.py report.xml …

A test that tries many cases counts them with the fixture `cases`; for any other test, every
parameter is a case. Tests that are in no report keep their row as long as they exist.
"""

import re
import sys
import xml.etree.ElementTree
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "development" / "reliability.md"
TESTS = ROOT / "tests" / "reliability"
BEGIN, END = "<!-- written by scripts/reliability.py -->", "<!-- until here -->"
HEAD = ["| test | cases tried | failed |", "|---|---|---|"]
MARK = "cases:"  # the prefix of the properties that the fixture writes
ROW = re.compile(r"\| `(.+?)` \| (.*?) \| (.*?) \|")


def count_cases(reports: list[Path]) -> dict[str, tuple[str, str]]:
    """Return test -> (cases that were tried, number of its parameters that failed)."""
    tried: dict[str, Counter[str]] = defaultdict(Counter)
    failed: Counter[str] = Counter()
    trees = [xml.etree.ElementTree.parse(report) for report in reports]
    for case in [case for tree in trees for case in tree.iter("testcase")]:
        file = case.get("classname", "").rpartition(".")[2]
        function = case.get("name", "").partition("[")[0]
        name = f"{file}::{function}"
        counts = {}
        for entry in case.iter("property"):
            what = entry.get("name", "")
            if what.startswith(MARK):
                counts[what.removeprefix(MARK)] = int(entry.get("value", ""))
        tried[name].update(counts or {"": 1})
        failed[name] += any(case.find(end) is not None for end in ("failure", "error"))
    cases = {}
    for name, counter in tried.items():
        texts = [f"{number:,} {what}".strip() for what, number in counter.items()]
        cases[name] = (", ".join(texts), str(failed[name]))
    return cases


def exists(name: str) -> bool:
    """Return whether there is a test `file::function`."""
    file, _, function = name.partition("::")
    path = TESTS / f"{file}.py"
    return path.is_file() and f"def {function}(" in path.read_text()


def update_page(page: str, new: dict[str, tuple[str, str]]) -> str:
    """Return the page with new rows in its table; other rows of tests that exist stay."""
    before, rest = page.split(BEGIN)
    table, after = rest.split(END)
    known = {}
    for match in ROW.finditer(table):
        if exists(match[1]):
            known[match[1]] = (match[2], match[3])
    known |= new
    rows = [f"| `{name}` | {tried} | {failed} |" for name, (tried, failed) in sorted(known.items())]
    return "\n".join([before + BEGIN, "", *HEAD, *rows, "", END + after])


if __name__ == "__main__":
    cases = count_cases([Path(word) for word in sys.argv[1:]])
    PAGE.write_text(update_page(PAGE.read_text(), cases))
