"""The schema of the manifest of a checkpoint.

The manifest is validated before anything else in the file is used: a file may come from anywhere.
"""

from typing import Annotated, Any, TypeVar

import jax
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from darnax.runner.named_leaves import describe_type

# Python's numbers and the arrays as which they are stored.
STORED_TYPES = {
    "bool": "bool[]",
    "int": "int64[]",
    "float": "float64[]",
    "complex": "complex128[]",
}
Size = Annotated[int, Field(ge=0, lt=2**63)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
S = TypeVar("S", bound=BaseModel)


class StrictModel(BaseModel):
    """Values are not converted to the declared types; fields that are not declared are allowed."""

    # Unknown fields are allowed so that checkpoints of later versions can be read.

    model_config = ConfigDict(strict=True, extra="allow")


class LeafEntry(StrictModel):
    """A leaf: its type in the tree, the dtype it is stored in, a key's algorithm, its checksum."""

    type: str
    dtype: str = Field(alias="stored")  # the key in the files
    key: str | None
    crc32: Size


class Manifest(StrictModel):
    """The manifest of a checkpoint."""

    format: int
    meta: dict[str, Any]
    leaves: dict[str, LeafEntry]


class Meta(StrictModel):
    """What every checkpoint stores besides its leaves."""

    step: Size


class RunMeta(Meta):
    """What the checkpoint of a run stores besides its leaves: fields of `Progress`."""

    seconds: Seconds
    wall_seconds: Seconds
    best: Annotated[float, Field(allow_inf_nan=False)]
    metrics: dict[str, float | None]  # null where a number was NaN


def validate(schema: type[S], value: Any, where: str) -> S:
    """Return `value` as an instance of `schema`.

    Raises:
        ValueError: names the first field that does not fit.

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


def require_consistent(name: str, entry: LeafEntry, array: np.ndarray[Any, Any]) -> None:
    """Raise ValueError unless a tensor has the type and shape in its manifest entry."""
    found = describe_type(array)
    if entry.key is not None:
        # A key is stored as an array of integers; its type follows from its algorithm.
        key = jax.eval_shape(lambda data: jax.random.wrap_key_data(data, impl=entry.key), array)
        found = describe_type(key)
    if found != STORED_TYPES.get(entry.type, entry.type):
        raise ValueError(f"{name} is {found}, its manifest says {entry.type}")
