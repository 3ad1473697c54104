"""The keys of the schema: their types, defaults and meanings."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from darnax.builder.specification import SECTIONS, Configuration
from darnax.phases import Phase
from scripts.documentation.docstring_arguments import annotated_types, described_arguments
from scripts.documentation.docstring_arguments import summary as first_line

NONE = re.compile(r"\bNone\b")


class Row(NamedTuple):
    """A key of a section; one that is `added` is in no file of the defaults."""

    name: str
    type: str
    default: str
    meaning: str
    added: bool = False


class Table(NamedTuple):
    """A section of a configuration."""

    title: str
    summary: str
    rows: list[Row]


def schema_tables(defaults: Mapping[str, Any]) -> list[Table]:
    """Return the sections; `defaults` is the configuration that `darnax train` starts from."""
    tables = [Table("top level", first_line(Configuration), rows_of(Configuration, "", defaults))]
    for name, section in SECTIONS.items():
        rows = rows_of(section, f"{name}.", defaults[name])
        tables.append(Table(name, first_line(section), rows))
        if name == "dynamics":
            tables.append(Table("a phase", first_line(Phase), phase_rows()))
    return tables


def rows_of(section: type[BaseModel], prefix: str, defaults: Mapping[str, Any]) -> list[Row]:
    schema = section.model_json_schema()
    meanings = described_arguments(section)
    rows = []
    for name, part in schema["properties"].items():
        value = defaults.get(
            name, part.get("default", {} if part.get("type") == "object" else None)
        )
        is_required = name in schema.get("required", []) and name not in defaults
        default = "required" if is_required else show(value)
        type_ = describe(part, schema.get("$defs", {}))
        meaning = in_yaml(meanings.get(name, ""))
        rows.append(Row(f"{prefix}{name}", type_, default, meaning, name not in defaults))
    return rows


def phase_rows() -> list[Row]:
    meanings = described_arguments(Phase)
    rows = []
    for name, type_ in annotated_types(Phase).items():
        rows.append(Row(name, type_, show(getattr(Phase, name)), in_yaml(meanings[name])))
    return rows


def schema_types(group: str) -> dict[str, str]:
    """Return the type of every key of a section, by its name."""
    if group not in SECTIONS:
        return {}
    schema = SECTIONS[group].model_json_schema()
    parts = schema["properties"].items()
    return {name: describe(part, schema.get("$defs", {})) for name, part in parts}


def in_yaml(meaning: str) -> str:
    """Return a sentence of a docstring as a file has to be written: Python's None is null."""
    parts = meaning.split("`")
    parts[::2] = [NONE.sub("`null`", part) for part in parts[::2]]  # the others are code
    return "`".join(parts)


def show(value: Any) -> str:
    """Return a default as YAML, or nothing for a mapping with contents."""
    if isinstance(value, Mapping) and value:
        return ""
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def describe(part: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Return the type of a JSON schema in words."""
    if "$ref" in part:
        keys = definitions[part["$ref"].rpartition("/")[2]]["properties"]
        return f"a mapping with {', '.join(f'`{key}`' for key in keys)}"
    if "const" in part:
        return f"`{part['const']}`"
    if "anyOf" in part:
        return " or ".join(describe(choice, definitions) for choice in part["anyOf"])
    kind = part.get("type", "")
    if kind == "array":
        return f"list: {describe(part['items'], definitions)}"
    if "properties" in part:
        return f"a mapping with {', '.join(f'`{key}`' for key in part['properties'])}"
    words = {"string": "text", "object": "mapping", "boolean": "true or false"}
    return words.get(kind, kind) + bounds(part)


def bounds(part: Mapping[str, Any]) -> str:
    """Return the lower bound of a number; the upper ones are those of 32 bits."""
    if "minimum" in part:
        return f" ≥ {part['minimum']}"
    if "exclusiveMinimum" in part:
        return f" > {part['exclusiveMinimum']}"
    return ""
