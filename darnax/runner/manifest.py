"""What a checkpoint says about itself, checked before anything in it is used: a file may come from anywhere."""

from typing import Annotated, Any, TypeVar

import jax
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from darnax.runner.leaves import describe

STORED = {
    "bool": "bool[]",
    "int": "int64[]",
    "float": "float64[]",
    "complex": "complex128[]",
}  # Python's numbers
Size = Annotated[int, Field(ge=0, lt=2**63)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
S = TypeVar("S", bound=BaseModel)


class Strict(BaseModel):
    """No value is converted to the type that is wanted; what a later version adds is left alone."""

    model_config = ConfigDict(strict=True, extra="allow")


class Leaf(Strict):
    """One tensor: what it was in the tree, how it is stored, of which kind a key is, and its checksum."""

    type: str
    stored: str
    key: str | None
    crc32: Size


class Manifest(Strict):
    """The whole of it."""

    format: int
    meta: dict[str, Any]
    leaves: dict[str, Leaf]


class Meta(Strict):
    """What every checkpoint says besides its leaves."""

    step: Size


class RunMeta(Meta):
    """What the checkpoint of a run says besides its leaves: the fields of `Progress` that it restores."""

    seconds: Seconds
    wall_seconds: Seconds
    best: Annotated[float, Field(allow_inf_nan=False)]
    metrics: dict[str, float | None]  # null where a number was NaN


def validate(schema: type[S], value: Any, where: str) -> S:
    """Return `value` as `schema` has it; a ValueError names the first field that is not.

    Example:
        >>> validate(Meta, {"step": "12"}, "meta")
        Traceback (most recent call last):
        ValueError: meta.step: got '12', expected a valid integer
    """
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join([where, *map(str, first["loc"])])
        if first["type"] == "missing":
            raise ValueError(f"{path} is missing") from error
        expected = first["msg"].removeprefix("Input should be ").replace("dictionary", "mapping")
        raise ValueError(f"{path}: got {first['input']!r:.40}, expected {expected}") from error


def require_consistent(name: str, leaf: Leaf, array: np.ndarray[Any, Any]) -> None:
    """Raise ValueError unless a tensor is what the manifest says of it."""
    found = describe(array)
    if leaf.key is not None:
        wrapped = jax.eval_shape(lambda data: jax.random.wrap_key_data(data, impl=leaf.key), array)
        found = describe(wrapped)
    if found != STORED.get(leaf.type, leaf.type):
        raise ValueError(f"{name} is {found}, its manifest says {leaf.type}")
