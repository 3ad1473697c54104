"""The schema of sweep.json: read from a file of unknown origin and validated before it is used."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from darnax.bounded_yaml import require_short_keys
from darnax.files import read_text
from darnax.runner.settings import Section
from darnax.sweeps.point import Objective, Point

LARGEST = 1 << 28  # bytes; a point takes about 10,000


class RecordFields(Section):
    """The whole file; `base` is missing in folders of earlier versions."""

    overrides: list[str]
    file: str | None
    base: dict[str, Any] | None = None
    directory: str
    command: list[str]
    points: list[Point]
    goal: Objective = Objective()


def read_fields(path: Path) -> RecordFields:
    """Read and validate a sweep.json.

    Raises:
        OSError: it cannot be read, or is not a regular file.
        ValueError: it is not JSON, or not the content of a sweep; the message names the place.
    """
    try:
        fields = RecordFields.model_validate_json(read_text(path, LARGEST))
        trees: list[Mapping[str, Any] | None] = [fields.base]
        for point in fields.points:
            trees += [point.config, point.composed]
        require_short_keys(trees)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    except ValidationError as error:
        detail = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, detail["loc"]))
        what = detail["msg"].replace("Input should", "expected").replace("expected be", "expected")
        raise ValueError(f"{where}: {what}" if where else what) from error
    for number, point in enumerate(fields.points):
        if point.config is None and not point.refusal:
            what = "has neither a configuration nor a reason why there is none"
            raise ValueError(f"points.{number}: {what}")
    return fields
