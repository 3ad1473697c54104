"""A table that prints as aligned text and renders in a notebook."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from darnax.printing import element_text, printable


class TextTable(NamedTuple):
    """Columns and rows, as they are shown."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` of what is shown."""
        import pandas

        return pandas.DataFrame.from_records(list(self.rows), columns=list(self.columns))

    def __repr__(self) -> str:
        lines = [[printable(str(cell)) for cell in line] for line in (self.columns, *self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        padded = [
            [cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines
        ]
        return "\n".join("  ".join(cells).rstrip() for cells in padded)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{element_text(name)}</th>" for name in self.columns)
        rows = ["".join(f"<td>{element_text(str(cell))}</td>" for cell in row) for row in self.rows]
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
