"""A table that prints as aligned text and is rendered in a notebook."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from darnax.api.frames import import_pandas
from darnax.printing import align_columns, element_text, printable


class TextTable(NamedTuple):
    """The columns and rows of a table, as text."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` of the text."""
        pandas = import_pandas()
        return pandas.DataFrame.from_records(list(self.rows), columns=list(self.columns))

    def __repr__(self) -> str:
        lines = []
        for line in (self.columns, *self.rows):
            lines.append([printable(str(cell)) for cell in line])
        return "\n".join(align_columns(lines))

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{element_text(name)}</th>" for name in self.columns)
        body = ""
        for row in self.rows:
            cells = "".join(f"<td>{element_text(str(cell))}</td>" for cell in row)
            body += f"<tr>{cells}</tr>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
