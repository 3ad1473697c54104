"""An extension of Griffe, which reads the docstrings for the API reference.

The docstrings of darnax have a section `Example:`, and arguments that share a description,
`a, b: …`; Griffe expects `Examples:`, and one name in a line.
"""

import re
from typing import Any

from griffe import Extension, Object

EXAMPLE = re.compile(r"^( *)Example:$", re.MULTILINE)
SHARED = re.compile(r"^( +)(\w+(?:, \w+)+): (.+(?:\n\1 +.+)*)", re.MULTILINE)


def one_in_a_line(match: re.Match[str]) -> str:
    """Return an entry for each of the names, with the description that they share."""
    indent, names, description = match.groups()
    return "\n".join(f"{indent}{name}: {description}" for name in names.split(", "))


class Sections(Extension):
    """Rewrites every docstring before it is parsed."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        if obj.docstring is None:
            return
        text = EXAMPLE.sub(r"\1Examples:", obj.docstring.value)
        obj.docstring.value = SHARED.sub(one_in_a_line, text)
