"""Whether a value of a configuration fits the annotation of the parameter that it is for."""

import json
import math
from collections.abc import Collection, Iterator
from types import EllipsisType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import jax
import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from darnax.builder.problems import format_value

WORDS = {
    int: "an integer",
    float: "a number",
    str: "a word",
    bool: "true or false",
    NoneType: "null",
    dict: "a mapping",
}
LARGEST = float(np.finfo(np.float32).max)
NUMBERS = "a number or a list of numbers"


def convert(value: Any, annotation: Any) -> Any:
    """Return `value` as the annotation wants it: a list becomes the tuple or the array that is due.

    Raises ValueError, with what was given and what was expected, if it does not fit.

    What the annotation means is Pydantic's to say, in its strict mode for JSON: an integer is a number, a word never is.
    `ArrayLike` means numbers, nested in lists or not. An annotation that Pydantic cannot read checks nothing.
    """
    if jax.Array in options(annotation):
        fits = is_numbers(value) or (value is None and NoneType in options(annotation))
        result = np.asarray(value, np.float32) if isinstance(value, list) and fits else value
    else:
        fits, result = validate_value(value, annotation)
    if fits and not holds_type(value):
        raise ValueError(f"got {format_value(value)}, expected a number that 32 bits can hold")
    if not fits:
        raise ValueError(f"got {format_value(value)}, expected {describe_type(annotation)}")
    return result


def validate_value(value: Any, annotation: Any) -> tuple[bool, Any]:
    """Return whether `value` fits, and what becomes of it."""
    try:
        adapter = TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except Exception:  # annotations of other packages may be anything
        return True, value
    try:
        result = adapter.validate_json(json.dumps(value), strict=True)
        return True, list(result) if isinstance(
            result, Iterator
        ) else result  # of an Iterable, which could be read only once
    except (
        ValidationError,
        TypeError,
    ):  # TypeError: a mapping without `_target_` where an interface is wanted
        return False, None


def accepts(annotation: Any, factory: Any) -> bool:
    """Whether what `factory` makes may stand where the annotation is, as far as both of them say."""
    wanted, made = (
        [kind for kind in map(class_of, options(annotation)) if kind is not NoneType],
        made_by(factory),
    )
    return (
        made is None or None in wanted or issubclass(made, tuple(kind for kind in wanted if kind))
    )


def accepts_several(annotation: Any) -> bool:
    """Whether a list or a mapping with objects in it may stand where the annotation is, as far as it says."""
    kinds = list(map(class_of, options(annotation)))
    if jax.Array in kinds:
        return False
    return any(kind is None or (issubclass(kind, Collection) and kind is not str) for kind in kinds)


def made_by(factory: Any) -> type | None:
    """Return the class of what a factory makes: itself, or what it says that it returns; None where that is no class."""
    if isinstance(factory, type):
        return factory
    try:
        return class_of(get_type_hints(factory).get("return", Any))
    except Exception:  # annotations of other packages may be anything
        return None


def class_of(annotation: Any) -> type | None:
    """Return the class behind an annotation, `list` behind `list[int]`; None where it tells none."""
    kind = get_origin(annotation) or annotation
    return kind if isinstance(kind, type) and kind is not Any else None


def options(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the annotation alone."""
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def is_numbers(value: Any) -> bool:
    """Whether `value` is a number, or a list of such values."""
    if isinstance(value, list | tuple):
        return all(map(is_numbers, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_traced(value: Any, annotation: Any) -> bool:
    """Whether a compiled program may be given this number, rather than be made for it: its annotation admits arrays.

    A number for which it admits integers and no others, such as a seed, would change on its way into an array of 32-bit floats.
    """
    number = isinstance(value, int | float | np.ndarray) and not isinstance(value, bool)
    kinds = options(annotation)
    return number and jax.Array in kinds and (int not in kinds or float in kinds)


def holds_type(value: Any) -> bool:
    """Whether arrays of 32 bits can hold the numbers in `value`: none is nan, none becomes infinite that is not."""
    if isinstance(value, list | tuple):
        return all(map(holds_type, value))
    return (
        not isinstance(value, int | float)
        or abs(value) <= LARGEST
        or value in (math.inf, -math.inf)
    )


def describe_type(annotation: Any) -> str:
    """Say what an annotation expects, for a person.

    Example:
        >>> wording(int | tuple[int, ...] | None)
        'an integer or a list or null'
    """
    if jax.Array in options(annotation):
        return NUMBERS + (" or null" if NoneType in options(annotation) else "")
    if (
        len(members := [option for option in options(annotation) if option is not EllipsisType])
        != 1
    ):
        return " or ".join(dict.fromkeys(map(describe_type, members)))
    origin = get_origin(members[0]) or members[0]
    if origin is Literal:
        return " or ".join(map(str, get_args(members[0])))
    if origin in (tuple, list):
        return "a list"
    return WORDS.get(origin, f"a {getattr(origin, '__name__', origin)} (a mapping with `_target_`)")
