"""Write into docs/reliability.md what the tests of reliability have tried: `python scripts/reliability.py report.xml …`.

A report is what `pytest --junitxml=report.xml tests/reliability` writes. A test that tries many cases counts them with the
fixture `cases`; of any other every parameter is a case. Tests that are in no report keep the row that they have.
"""

import re
import sys
import xml.etree.ElementTree
from collections import Counter, defaultdict
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
BEGIN, END = "<!-- written by scripts/reliability.py -->", "<!-- until here -->"
HEAD = ["| test | cases tried | failed |", "|---|---|---|"]
MARK = "cases:"  # before the name of what the fixture has counted
ROW = re.compile(r"\| `(.+?)` \| (.*?) \| (.*?) \|")


def rows(reports: list[Path]) -> dict[str, tuple[str, str]]:
    """Return test -> (what was tried, how many of its parameters failed)."""
    tried: dict[str, Counter[str]] = defaultdict(Counter)
    failed: Counter[str] = Counter()
    for case in (
        case for report in reports for case in xml.etree.ElementTree.parse(report).iter("testcase")
    ):
        name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name', '').partition('[')[0]}"
        counts = {p.get("name", ""): p.get("value", "") for p in case.iter("property")}
        counted = {
            what.removeprefix(MARK): int(n) for what, n in counts.items() if what.startswith(MARK)
        }
        tried[name].update(counted or {"": 1})
        failed[name] += any(case.find(end) is not None for end in ("failure", "error"))
    said = {
        name: ", ".join(f"{n:,} {what}".strip() for what, n in counts.items())
        for name, counts in tried.items()
    }
    return {name: (said[name], str(failed[name])) for name in tried}


def written(page: str, new: dict[str, tuple[str, str]]) -> str:
    """Return the page with these rows in its table."""
    before, rest = page.split(BEGIN)
    table, after = rest.split(END)
    known = {match[1]: (match[2], match[3]) for match in ROW.finditer(table)} | new
    lines = [
        *HEAD,
        *(f"| `{name}` | {tried} | {failed} |" for name, (tried, failed) in sorted(known.items())),
    ]
    return "\n".join([before + BEGIN, "", *lines, "", END + after])


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(), rows([Path(word) for word in sys.argv[1:]])))
