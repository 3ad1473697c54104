"""Reads the stages of an encoding: `data.encode`, and `data.disturb` after it."""

from collections.abc import Mapping
from typing import Any

from darnax.builder.calls import Reader
from darnax.builder.objects import make
from darnax.builder.problems import format_value, nearest
from darnax.data.pipeline import Pipeline
from darnax.data.stages import AnyStage

DISTURB = "data.disturb"
# The classes that a key under `data.disturb` names where `_target_` is left out.
SHIPPED = ("affine", "crop", "flip", "noise", "occlude", "rotate", "shift")


def read_stages(encode: Mapping[str, Any], disturb: Mapping[str, Any], reader: Reader) -> Pipeline:
    """Return the encoding; where there are problems, stages are None."""
    stages = {
        name: make(node, f"data.encode.{name}", reader, AnyStage) for name, node in encode.items()
    }
    for name, node in disturb.items():
        described = with_target(name, node, reader)
        if described is not None:
            # The whole key, which no stage of `encode` can have.
            key = f"{DISTURB}.{name}"
            stages[key] = make(described, key, reader, AnyStage)
    return Pipeline(stages)


def with_target(name: str, node: Any, reader: Reader) -> Any:
    """Return the description of a stage with its `_target_`; None, and a problem, if it has none.

    Example:
        >>> with_target("noise", {"share": 0.1}, reader)["_target_"]  # doctest: +SKIP
        'darnax.data.Noise'
    """
    if not isinstance(node, Mapping):
        got = f"got {format_value(node)}, expected a mapping, such as {{share: 0.1}}"
        reader.problems.add(f"{DISTURB}.{name}", got)
        return None
    if "_target_" in node:
        return node
    if name not in SHIPPED:
        what = f"is no stage of darnax, and names no class with `_target_`{nearest(name, SHIPPED)}"
        reader.problems.add(f"{DISTURB}.{name}", f"{name} {what}")
        return None
    return {"_target_": f"darnax.data.{name.capitalize()}", **node}
