"""Strict JSON: NaN and infinities, which JSON has no names for, become null."""

import json
import math
from collections.abc import Mapping
from typing import Any


def encode(value: Any, *, indent: int | None = None) -> str:
    """Return `value` as strict JSON; arrays with one element (NumPy's, JAX's) count as numbers.

    Example:
        >>> encode({"a": float("nan"), "b": (1, 2.5)})
        '{"a": null, "b": [1, 2.5]}'
    """
    return json.dumps(_to_json(value), indent=indent, ensure_ascii=False, allow_nan=False)


def _to_json(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(name): _to_json(item) for name, item in value.items()}
        case list() | tuple():
            return [_to_json(item) for item in value]
    return _to_json(value.item()) if hasattr(value, "item") else str(value)
