"""What docstrings and signatures say about the arguments of a constructor."""

import inspect
import re
from collections.abc import Hashable, Mapping, Sequence
from importlib import import_module
from types import EllipsisType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from jax.typing import ArrayLike

ENTRY = re.compile(r"^    (\w+(?:, \w+)*): (.+(?:\n {5,}.+)*)", re.MULTILINE)
SECTION = re.compile(r"^Args:\n(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def find_object(path: str) -> Any:
    """Return the object with a dotted path."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def summary(thing: Any) -> str:
    """Return the first line of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def described_arguments(thing: Any) -> dict[str, str]:
    """Return argument -> description, from the docstrings of a class and of its bases."""
    found: dict[str, str] = {}
    for owner in getattr(thing, "__mro__", [thing]):
        for text in (owner.__doc__, getattr(owner.__dict__.get("__init__"), "__doc__", None)):
            for section in SECTION.findall(inspect.cleandoc(text or "")):
                for names, description in ENTRY.findall(section):
                    for name in names.split(", "):
                        found.setdefault(name, " ".join(description.split()))
    return found


def annotated_types(thing: Any) -> dict[str, str]:
    """Return argument -> its type, in the words of YAML where there are any."""
    types = {}
    for name, parameter in inspect.signature(thing).parameters.items():
        if parameter.annotation is not inspect.Parameter.empty:
            types[name] = describe_type(parameter.annotation)
    return types


WORDS = {
    int: "integer",
    float: "number",
    bool: "true or false",
    str: "text",
    type(None): "null",
    dict: "mapping",
    Mapping: "mapping",
    list: "list",
    tuple: "list",
    Sequence: "list",
}
UNIONS = (Union, UnionType)


def describe_type(annotation: Any) -> str:
    """Return a type in words; parts of a union are joined by "or"."""
    if annotation == ArrayLike:
        return "number, or a list of them"
    origin = get_origin(annotation)
    if origin is Annotated:
        return describe_type(get_args(annotation)[0])
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    if origin in UNIONS:
        return describe_union(annotation)
    kind = origin or annotation
    return WORDS.get(kind, "an object") if isinstance(kind, Hashable) else "an object"


def describe_union(annotation: Any) -> str:
    """Return the parts of a union that can be written in YAML."""
    parts = list(get_args(annotation))
    words = []
    arrays = set(get_args(ArrayLike))
    if arrays <= set(parts):
        parts = [part for part in parts if part not in arrays]
        words.append("number, or a list of them")
    for part in parts:
        if part is not EllipsisType:
            words.append(describe_type(part))
    return " or ".join(dict.fromkeys(words))
