"""The parameters of constructors and their annotations."""

import inspect
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import jax

from darnax.builder.annotations import union_members
from darnax.ranges import Range

# Parameters from which keys are made. They are integers, so they are never traced as floats.
SEEDS = frozenset({"key", "seed"})


def signature_of(
    factory: Callable[..., Any],
) -> tuple[dict[str, inspect.Parameter], dict[str, Any]]:
    """Return the named parameters of a constructor and their annotations, if they can be read.

    Of an annotation with a range, its type alone: `ranges_in` returns the range.
    """
    parameters, hints = read_signature(factory)
    return parameters, without_ranges(hints)


def ranges_in(hints: Mapping[str, Any]) -> dict[str, Range]:
    """Return the ranges in annotations as they are written, by the name of the parameter."""
    found = {}
    for name, hint in hints.items():
        for added in getattr(hint, "__metadata__", ()):
            if isinstance(added, Range):
                found[name] = added
    return found


def without_ranges(hints: Mapping[str, Any]) -> dict[str, Any]:
    """Return annotations as they are without what `Annotated` adds to them."""
    types = {}
    for name, hint in hints.items():
        types[name] = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return types


def read_signature(
    factory: Callable[..., Any],
) -> tuple[dict[str, inspect.Parameter], dict[str, Any]]:
    """Return the named parameters of a constructor and their annotations as they are written."""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    everything = inspect.signature(factory).parameters
    parameters = {name: p for name, p in everything.items() if p.kind in named}
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
            hints = get_type_hints(constructor, include_extras=True)
        except Exception:  # annotations of other packages may be anything
            hints = {}
    return parameters, hints


def annotation_of(name: str, hints: Mapping[str, Any]) -> Any:
    """Return the annotation of a parameter; for a key it is `int`, a seed to make the key from."""
    hint = hints.get(name, Any)
    members = union_members(hint)
    if name in SEEDS and jax.Array in members:
        return int | None if NoneType in members else int
    return hint


def takes_any_argument(factory: Callable[..., Any]) -> bool:
    """Return whether a constructor has `**kwargs`."""
    parameters = inspect.signature(factory).parameters.values()
    return any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)


def qualified_name(factory: Callable[..., Any]) -> str:
    """Return the name of a constructor; of a `functools.partial`, that of its function."""
    function = getattr(factory, "func", factory)
    return str(getattr(function, "__name__", repr(factory)))
