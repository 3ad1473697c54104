"""An extension of Griffe, which reads the code for the API reference.

The docstrings of darnax have a section `Example:`, and arguments that share a description,
`a, b: …`; Griffe expects `Examples:`, and one name in a line. Shapes in annotations, such as
`Float[Array, "batch pre"]`, are texts, and no code, as Griffe takes them for.
"""

import ast
import re
from typing import Any

from griffe import Extension, Function, Object

EXAMPLE = re.compile(r"^( *)Example:$", re.MULTILINE)
SHARED = re.compile(r"^( +)(\w+(?:, \w+)+): (.+(?:\n\1 +.+)*)", re.MULTILINE)


def one_in_a_line(match: re.Match[str]) -> str:
    """Return an entry for each of the names, with the description that they share."""
    indent, names, description = match.groups()
    return "\n".join(f"{indent}{name}: {description}" for name in names.split(", "))


def has_shape(annotation: ast.expr) -> bool:
    """Return whether an annotation contains a text beside a type."""
    if isinstance(annotation, ast.Constant):
        return False
    return any(
        isinstance(part, ast.Constant) and isinstance(part.value, str)
        for part in ast.walk(annotation)
    )


class Reading(Extension):
    """Rewrites every docstring before it is parsed, and keeps shapes as they are written."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        if obj.docstring is None:
            return
        text = EXAMPLE.sub(r"\1Examples:", obj.docstring.value)
        obj.docstring.value = SHARED.sub(one_in_a_line, text)

    def on_function_instance(self, *, node: Any, func: Function, **_: Any) -> None:
        if not isinstance(node, ast.FunctionDef):
            return
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        for argument in arguments:
            if argument.annotation is not None and has_shape(argument.annotation):
                func.parameters[argument.arg].annotation = ast.unparse(argument.annotation)
        if node.returns is not None and has_shape(node.returns):
            func.returns = ast.unparse(node.returns)
