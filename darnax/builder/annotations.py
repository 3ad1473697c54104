"""Check values of a configuration against the annotations of parameters, and convert them."""

import json
import math
from collections.abc import Collection, Iterator, Mapping
from types import EllipsisType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import jax
import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from darnax.builder.problems import format_value

DESCRIPTIONS = {
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
    """Return `value` in the type of the annotation: a list may become a tuple or an array.

    Pydantic decides what fits, in its strict mode for JSON: an integer is accepted as a float, a
    string is not. `ArrayLike` accepts numbers, nested in lists or not. An annotation that Pydantic
    cannot read accepts everything.

    Raises:
        ValueError: the value does not fit; the message has the value and what was expected.
    """
    members = union_members(annotation)
    if jax.Array in members:
        fits = is_numbers(value) or (value is None and NoneType in members)
        result = np.asarray(value, np.float32) if isinstance(value, list) and fits else value
    else:
        fits, result = validate_value(value, annotation)
    if fits and not fits_float32(value):
        raise ValueError(f"got {format_value(value)}, expected a number that 32 bits can hold")
    if not fits:
        raise ValueError(f"got {format_value(value)}, expected {describe_type(annotation)}")
    return result


def validate_value(value: Any, annotation: Any) -> tuple[bool, Any]:
    """Return whether `value` fits the annotation, and the converted value."""
    try:
        adapter = TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except Exception:  # annotations of other packages may be anything
        return True, value
    try:
        result = adapter.validate_json(json.dumps(value), strict=True)
    except (ValidationError, TypeError):
        # TypeError: a mapping without `_target_` where the annotation is an interface.
        return False, None
    # Pydantic returns an iterator for an Iterable, which could be read only once.
    return True, list(result) if isinstance(result, Iterator) else result


def accepts(annotation: Any, factory: Any) -> bool:
    """Return whether the result of `factory` may be given for the annotation.

    Where one of the two does not name a class, the answer is yes.
    """
    kinds = [class_of(member) for member in union_members(annotation)]
    wanted = [kind for kind in kinds if kind is not NoneType]
    result = return_class(factory)
    if result is None or None in wanted:
        return True
    return issubclass(result, tuple(kind for kind in wanted if kind))


def accepts_several(annotation: Any) -> bool:
    """Return whether a list or a mapping that contains objects may be given for the annotation."""
    kinds = list(map(class_of, union_members(annotation)))
    if jax.Array in kinds:
        return False
    return any(kind is None or (issubclass(kind, Collection) and kind is not str) for kind in kinds)


def return_class(factory: Any) -> type | None:
    """Return the class of the result of a factory, or None if its annotations do not name one."""
    if isinstance(factory, type):
        return factory
    try:
        return class_of(get_type_hints(factory).get("return", Any))
    except Exception:  # annotations of other packages may be anything
        return None


def class_of(annotation: Any) -> type | None:
    """Return the class of an annotation, such as `list` of `list[int]`; None if it has none."""
    kind = get_origin(annotation) or annotation
    return kind if isinstance(kind, type) and kind is not Any else None


def union_members(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the annotation alone."""
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def is_numbers(value: Any) -> bool:
    """Return whether `value` is a number, or a list of such values."""
    if isinstance(value, list | tuple):
        return all(map(is_numbers, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_traced(value: Any, annotation: Any) -> bool:
    """Return whether a number can be an input of a compiled program: its annotation admits arrays.

    A number for which the annotation admits integers but no floats, such as a seed, cannot: it
    would be rounded to a 32-bit float.
    """
    is_number = isinstance(value, int | float | np.ndarray) and not isinstance(value, bool)
    members = union_members(annotation)
    return is_number and jax.Array in members and (int not in members or float in members)


def fits_float32(value: Any) -> bool:
    """Return whether 32-bit floats can hold the numbers in `value`: no nan, no overflow."""
    if isinstance(value, list | tuple):
        return all(map(fits_float32, value))
    if not isinstance(value, int | float):
        return True
    return abs(value) <= LARGEST or value in (math.inf, -math.inf)


def describe_type(annotation: Any) -> str:
    """Return a description of an annotation for error messages.

    Example:
        >>> describe_type(int | tuple[int, ...] | None)
        'an integer or a list or null'
    """
    members = [member for member in union_members(annotation) if member is not EllipsisType]
    if jax.Array in members:
        return f"{NUMBERS} or null" if NoneType in members else NUMBERS
    if len(members) != 1:
        return " or ".join(dict.fromkeys(map(describe_type, members)))
    origin = get_origin(members[0]) or members[0]
    if origin is Literal:
        return " or ".join(map(str, get_args(members[0])))
    if origin in (tuple, list):
        return "a list"
    if origin is Mapping and float in get_args(members[0]):
        return "a mapping of numbers"
    name = str(getattr(origin, "__name__", origin))
    article = "an" if name[:1] in "AEIOU" else "a"
    of_class = f"{article} {name} (a mapping with `_target_`)"
    return DESCRIPTIONS.get(origin, of_class)
