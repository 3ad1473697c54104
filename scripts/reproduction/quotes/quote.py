"""Tables of pages that quote the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reproduction.ledger import Ledger
from reproduction.page import table
from reproduction.quotes.cells import Accuracy, Cell
from reproduction.rows.row import Section

SCRIPT = "`python scripts/reproduce.py`"
Line = tuple[str | Cell, ...]


@dataclass(frozen=True)
class Quote:
    """A table that quotes the ledger.

    Args:
        heads: of the columns.
        lines: of cells.
        has_tables: whether every line names its tables in a last column, instead of a line below.
    """

    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    has_tables: bool = False


def list_rows(section: Section, names: Mapping[str, Sequence[str]]) -> tuple[Line, ...]:
    """Return lines of a name and an accuracy: name in the page -> names of rows of a section."""
    return tuple((name, Accuracy.of(section, *rows)) for name, rows in names.items())


def format_quote(quote: Quote, ledger: Ledger, docs: str = "") -> str | None:
    """Return a table and a line with its sources; None if a cell is None.

    `docs` is the way from the page to the results page, such as `../`.
    """
    rows = [read_line(line, ledger) for line in quote.lines]
    if any(None in cells for cells in rows):
        return None
    if quote.has_tables:
        for cells, line in zip(rows, quote.lines, strict=True):
            cells.append(link_sources([line], docs))
        return f"{table([*quote.heads, 'table'], rows)}\nBy {SCRIPT}\n"
    return f"{table(quote.heads, rows)}\nFrom {link_sources(quote.lines, docs)}, by {SCRIPT}\n"


def read_line(line: Line, ledger: Ledger) -> list[str | None]:
    """Return the texts of the cells of a line."""
    return [cell if isinstance(cell, str) else cell.read(ledger) for cell in line]


def link_sources(lines: Sequence[Line], docs: str) -> str:
    """Return links to the tables of some lines, each once, in order."""
    cells = [cell for line in lines for cell in line if not isinstance(cell, str)]
    sources = dict.fromkeys(source for cell in cells for source in cell.sources)
    return ", ".join(f"[{name}]({docs}results.md#{anchor})" for name, anchor in sources)
