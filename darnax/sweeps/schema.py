"""The schema of sweep.json: read from a file of unknown origin and validated before it is used."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from darnax.bounded_yaml import require_short_keys
from darnax.files import read_text

LARGEST = 1 << 28  # bytes; a point takes about 10,000


class Strict(BaseModel):
    """A mapping with these keys and no others; no value is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PointFields(Strict):
    """One point; `composed` is missing in folders of earlier versions."""

    overrides: list[str]
    config: dict[str, Any] | None
    refusal: str = ""
    composed: dict[str, Any] | None = None


class GoalFields(Strict):
    """What the points are compared by."""

    metric: str = "eval/accuracy"
    value: Literal["best", "last"] = "last"
    direction: Literal["maximize", "minimize"] = "maximize"
    trials: NonNegativeInt = 0
    pruner: dict[str, Any] | None = None


class RecordFields(Strict):
    """The whole file; `base` is missing in folders of earlier versions."""

    overrides: list[str]
    file: str | None
    base: dict[str, Any] | None = None
    directory: str
    command: list[str]
    points: list[PointFields]
    goal: GoalFields = GoalFields()


def read_fields(path: Path) -> RecordFields:
    """Read and validate a sweep.json.

    Raises:
        OSError: it cannot be read, or is not a regular file.
        ValueError: it is not JSON, or not the content of a sweep; the message names the place.
    """
    try:
        fields = RecordFields.model_validate(json.loads(read_text(path, LARGEST)))
        trees = [fields.base]
        for point in fields.points:
            trees += [point.config, point.composed]
        require_short_keys(trees)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    except ValidationError as error:
        detail = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, detail["loc"]))
        what = detail["msg"].replace("Input should", "expected").replace("expected be", "expected")
        raise ValueError(f"{where}: {what}") from error
    for number, point in enumerate(fields.points):
        if point.config is None and not point.refusal:
            what = "has neither a configuration nor a reason why there is none"
            raise ValueError(f"points.{number}: {what}")
    return fields
