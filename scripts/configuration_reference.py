"""Writes docs/guides/configuration.md: every key of a configuration.

    python scripts/configuration_reference.py

Keys, types and bounds are those of the schema and of constructors, values those of the shipped
files, meanings those of docstrings and of the comments in the files.
"""

import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scripts.documentation.meanings import Meanings  # noqa: E402
from scripts.documentation.schema_keys import Table, schema_tables  # noqa: E402
from scripts.documentation.yaml_keys import read_header, read_keys, source  # noqa: E402

CONFIGS = ROOT / "configs"
PAGE = ROOT / "docs" / "guides" / "configuration.md"
VERBATIM = ("experiment", "sweep", "debug")  # groups whose files hold differences from others
INTRODUCTION = """\
# Configuration reference

Written by `python scripts/configuration_reference.py` from the schema, the constructors and the
comments of the shipped files; no line is typed by hand.

A configuration is composed of one file per group: `model=chain` takes `configs/model/chain.yaml`,
and a file `./configs/model/mine.yaml` of your own is used by `model=mine`. On the command line,
`key=value` changes a key, `+key=value` adds one, `~key` removes one. A mapping with `_target_` is
an object: its other keys are arguments of the constructor that `_target_` names, and all those of
the entry in the API reference to which the name is linked may be used. An invalid configuration is
refused before anything is compiled, with all its errors of one kind: names come before values.

`darnax train +experiment=NAME --cfg job` prints the composed configuration of an experiment.

## Sections

The defaults are those of `darnax train` without any override. A key with (+) is in none of the
files that these are composed of, and is given as `+key=value`: `+dynamics.score=recall`. So is a
key that a phase or an object could have, and that its file does not write:
`+dynamics.train.free.target=none`, `+model.adapters.w_in.sparsity=0.9`.
"""


def write_page() -> str:
    """Return the page."""
    meanings = Meanings()
    parts = [INTRODUCTION]
    for table in schema_tables(shipped_defaults()):
        parts.append(section_part(table))
    for folder in group_folders():
        group = folder.relative_to(CONFIGS).as_posix()
        parts.append(f"## `{group}=`\n")
        for file in sorted(folder.glob("*.yaml")):
            if group in VERBATIM:
                parts.append(verbatim_part(file))
            else:
                parts.append(file_part(file, group, meanings))
    return "\n".join(parts)


def shipped_defaults() -> dict[str, Any]:
    """Return config.yaml with the files that its `defaults` name, before any override."""
    found: dict[str, Any] = {}
    root = yaml.safe_load((CONFIGS / "config.yaml").read_text())
    for choice in root.pop("defaults"):
        if isinstance(choice, dict):
            [(group, name)] = choice.items()
            found[group] = yaml.safe_load((CONFIGS / group / f"{name}.yaml").read_text())
        elif choice != "_self_":
            found |= yaml.safe_load((CONFIGS / f"{choice}.yaml").read_text())
    return found | root


def group_folders() -> list[Path]:
    """Return the folders with choices, in the order of the page."""
    folders = sorted({file.parent for file in CONFIGS.rglob("*.yaml")} - {CONFIGS})
    return sorted(folders, key=lambda folder: folder.name in VERBATIM)


def section_part(table: Table) -> str:
    lines = [f"### {table.title}\n", table.summary, "", "| key | type | default | meaning |"]
    lines.append("|---|---|---|---|")
    for row in table.rows:
        name = f"`{row.name}`{' (+)' if row.added else ''}"
        cells = (name, row.type, row.default, row.meaning)
        lines.append(table_line(cells))
    return "\n".join([*lines, ""])


def file_part(file: Path, group: str, meanings: Meanings) -> str:
    text = file.read_text()
    lines = [f"### `{group}={file.stem}`\n", *header_lines(text), ""]
    lines += ["| key | type | value | meaning |", "|---|---|---|---|"]
    for key in read_keys(text):
        type_, meaning = meanings.of(group, key)
        if key.is_section and not meaning:
            continue
        value = "" if key.is_section else meanings.linked(source(text, key.node))
        lines.append(table_line((f"`{key.name}`", type_, value, meaning)))
    return "\n".join([*lines, ""])


def verbatim_part(file: Path) -> str:
    group = file.parent.relative_to(CONFIGS).as_posix()
    return f"### `{group}={file.stem}`\n\n```yaml\n{file.read_text().strip()}\n```\n"


def header_lines(text: str) -> list[str]:
    """Return the comment at the top of a file as Markdown; indented commands are code."""
    lines = []
    for line in read_header(text):
        lines.append(f"`{line}`<br>" if line.startswith("darnax ") else escape(line))
    return lines


def table_line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(escape(cell).replace("|", "\\|") for cell in cells) + " |"


def escape(text: str) -> str:
    """Return text in which Markdown and HTML outside of code have no effect."""
    parts = re.split(r"(`[^`]*`|\[`[^\]]*\]\[[^\]]*\])", text)
    for i in range(0, len(parts), 2):
        plain = parts[i].replace("<br>", "\0").replace("<", "&lt;").replace("\0", "<br>")
        parts[i] = re.sub(r"([*_$\[\]])", r"\\\1", plain) if i % 2 == 0 else plain
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(write_page())
    print(PAGE.relative_to(ROOT))
