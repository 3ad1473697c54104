"""What sweep.json may hold: read from a file of unknown origin, validated, and only then used."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from darnax.bounded_yaml import require_short_keys
from darnax.files import read_text

LARGEST = 1 << 28  # bytes; a point takes about ten thousand


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
    """Return what a sweep.json says.

    Raises:
        OSError: it cannot be read, or is not a regular file.
        ValueError: it is no JSON, or holds something else than a sweep; the message says where.
    """
    try:
        fields = RecordFields.model_validate(json.loads(read_text(path, LARGEST)))
        require_short_keys(
            [
                fields.base,
                *(part for point in fields.points for part in (point.config, point.composed)),
            ]
        )
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    except ValidationError as error:
        detail = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, detail["loc"]))
        what = detail["msg"].replace("Input should", "expected").replace("expected be", "expected")
        raise ValueError(f"{where}: {what}") from error
    for number, point in enumerate(fields.points):
        if point.config is None and not point.refusal:
            raise ValueError(
                f"points.{number}: has neither a configuration nor a reason why there is none"
            )
    return fields
