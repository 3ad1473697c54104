"""What a constructor takes: its parameters and their annotations."""

import inspect
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, get_type_hints

import jax

from darnax.builder.annotations import options

SEEDS = frozenset(
    {"key", "seed"}
)  # arguments that make keys, of integers; a traced number is a float


def signature_of(
    factory: Callable[..., Any],
) -> tuple[dict[str, inspect.Parameter], dict[str, Any]]:
    """Return the named parameters of a constructor and, as far as they can be read, their annotations."""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = {
        name: p for name, p in inspect.signature(factory).parameters.items() if p.kind in named
    }
    hints = {
        name: p.annotation
        for name, p in parameters.items()
        if p.annotation is not inspect.Parameter.empty
    }
    if any(isinstance(hint, str) for hint in hints.values()):
        constructor = factory
        if isinstance(factory, type):
            constructor = getattr(factory, "__init__")  # noqa: B009  # mypy refuses the attribute
        try:
            hints = get_type_hints(constructor)
        except Exception:  # annotations of other packages may be anything
            hints = {}
    return parameters, hints


def hint_of(name: str, hints: Mapping[str, Any]) -> Any:
    """Return the annotation of a parameter; what may be a key is for a configuration an integer, which makes one."""
    hint = hints.get(name, Any)
    if name in SEEDS and jax.Array in options(hint):
        return int | None if NoneType in options(hint) else int
    return hint


def takes_anything(factory: Callable[..., Any]) -> bool:
    """Whether a constructor has `**kwargs`."""
    return any(
        p.kind is inspect.Parameter.VAR_KEYWORD
        for p in inspect.signature(factory).parameters.values()
    )


def qualified_name(factory: Callable[..., Any]) -> str:
    """Return the name of a constructor for a person; that of a function with some of its arguments given is the function's."""
    function = getattr(factory, "func", factory)
    return str(getattr(function, "__name__", repr(factory)))
