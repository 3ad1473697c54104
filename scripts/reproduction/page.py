"""The results page: tables whose every number comes out of a run folder."""

import json
import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reproduction.receipts import Receipt, commit, environment
from reproduction.rows import ACCURACY, Row, Section

HEADER = """# Results

Made by `python scripts/reproduce.py` from the folders of runs: no number here is typed by hand. Mean ± standard deviation over
seeds; seconds are those of one run, on a machine that did other things as well; a + after a commit says that files had changed
since. A row without numbers has not been run; `python scripts/reproduce.py --missing` lists the commands that are left.
"""


def page(sections: Mapping[Section, Sequence[Receipt]], physics: Path) -> str:
    """Return the page as Markdown."""
    parts = [
        HEADER,
        *(part for section, receipts in sections.items() for part in trained(section, receipts)),
        *measured(physics),
    ]
    return "\n".join(parts)


def trained(section: Section, receipts: Sequence[Receipt]) -> Iterator[str]:
    """Yield the parts of a section of runs."""
    yield f"## {section.title}\n\n{section.text}\n"
    published = any(row.published for row in section.rows)
    heads = ["", *(["published"] if published else []), *section.heads, "seeds", "seconds", "commit", "command"]
    yield table(heads, [line(row, receipt, published) for row, receipt in zip(section.rows, receipts, strict=True)])


def line(row: Row, receipt: Receipt, published: bool) -> list[str]:
    """Return the cells of a row."""
    figures = [spread(*receipt.spread(metric), metric) for metric in row.metrics]
    circumstances = [str(len(receipt.runs)), f"{receipt.seconds:.0f}", receipt.commits] if receipt.runs else [""] * 3
    return [
        row.what,
        *([row.published] if published else []),
        *figures,
        *circumstances,
        f"`{shlex.join(f'{row.program} {row.overrides}'.split())}`",
    ]


def spread(mean: float, sd: float, metric: str) -> str:
    """Write mean ± sd."""
    digits = 4 if metric == ACCURACY else 3
    return "" if math.isnan(mean) else f"{mean:.{digits}f}" + ("" if math.isnan(sd) else f" ± {sd:.{digits}f}")


def measured(place: Path) -> Iterator[str]:
    """Yield the parts about the physics."""
    yield "## Physics\n"
    for file in sorted(place.glob("*/result.json")):
        result, around = json.loads(file.read_text(encoding="utf-8")), environment(file.parent)
        yield f"{result['text']}\n"
        yield table(list(result["rows"][0]), [list(map(str, row.values())) for row in result["rows"]])
        command = f"python scripts/reproduce.py --physics {file.parent.name}"
        yield f"`{command}`, {result['seconds']:.0f} s, commit {commit(around)}\n"


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a table in Markdown."""
    return "\n".join([f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]) + "\n"
