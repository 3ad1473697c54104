"""The type and the meaning of a key in a shipped file, from where they are written."""

import re
from pathlib import Path

import yaml

from darnax.builder.specification import SECTIONS
from darnax.phases import Phase
from scripts.documentation.docstring_arguments import (
    annotated_types,
    described_arguments,
    find_object,
    summary,
)
from scripts.documentation.yaml_keys import Key, read_keys

TARGET = re.compile(r"darnax\.\w+\.[A-Z]\w+")
TAGS = {
    "tag:yaml.org,2002:int": "integer",
    "tag:yaml.org,2002:float": "number",
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:str": "text",
    "tag:yaml.org,2002:seq": "list",
    "tag:yaml.org,2002:map": "mapping",
    "tag:yaml.org,2002:null": "",
}
NUMBERS = {  # of a name, in the parts of a phase that are mappings
    "messages": "gain of this message",
    "learn": "factor of the update of this module",
}


class Meanings:
    """Looks up a key: its own comment, its constructor, or the same key of another file."""

    def __init__(self, configs: Path) -> None:
        self.comments: dict[tuple[str, str], str] = {}
        for file in sorted(configs.rglob("*.yaml")):
            group = file.parent.relative_to(configs).as_posix()
            for key in read_keys(file.read_text()):
                if key.comment and key.comment != "see above":
                    self.comments.setdefault((group, general(group, key.name)), key.comment)

    def of(self, group: str, key: Key) -> tuple[str, str]:
        """Return the type and the meaning of a key."""
        last = key.name.rpartition(".")[2]
        comment = "" if key.comment == "see above" else key.comment
        elsewhere = ""
        if not in_phases(group, key.name):  # the names of phases are those of one file
            elsewhere = self.comments.get((group, general(group, key.name)), "")
        type_, meaning = "", ""
        if last == "_target_":
            type_, meaning = "a class or function", self.about(key)
        elif key.target and key.target.startswith("darnax."):
            constructor = find_object(key.target)
            type_ = annotated_types(constructor).get(last, "")
            meaning = described_arguments(constructor).get(last, "")
        elif is_phase_key(group, key.name):
            type_, meaning = annotated_types(Phase)[last], described_arguments(Phase)[last]
        elif in_phases(group, key.name) and len(key.name.split(".")) == 4:
            meaning = NUMBERS.get(key.name.split(".")[2], "")
        elif key.target and not elsewhere:
            meaning = f"argument of `{key.target.rpartition('.')[2]}`"
        type_ = type_ or TAGS[tag_of(key.node)]
        return type_, comment or meaning or elsewhere or self.of_section(group, key)

    def of_section(self, group: str, key: Key) -> str:
        """Return the meaning of the section that holds a key whose name the user chooses."""
        section = SECTIONS.get(group)
        parent = key.name.partition(".")[0]
        if section is None or key.is_section:
            return ""
        return described_arguments(section).get(parent, "")

    def about(self, key: Key) -> str:
        """Return the first line of the docstring of a class of darnax."""
        path = key.node.value
        if path.startswith("darnax."):
            return summary(find_object(path))
        return f"of the package `{path.partition('.')[0]}`"

    def linked(self, value: str) -> str:
        """Return a value as code, with a link where it is a public class."""
        if not TARGET.fullmatch(value):
            return f"`{value}`"
        return f"[`{value}`][{value}]"


def general(group: str, name: str) -> str:
    """Return a key without the names that a user chooses, for comparison between files."""
    parts = name.split(".")
    if group in ("model", "optimizer") and len(parts) > 2:
        return ".".join([parts[0], "*", *parts[2:]])
    return name


def in_phases(group: str, name: str) -> bool:
    return group == "dynamics" and name.split(".")[0] in ("train", "infer")


def is_phase_key(group: str, name: str) -> bool:
    return in_phases(group, name) and len(name.split(".")) == 3


def tag_of(node: yaml.Node) -> str:
    """Return the type of a value; a reference `${…}` stands for any."""
    if isinstance(node, yaml.ScalarNode) and node.value.startswith("${"):
        return "tag:yaml.org,2002:null"
    return node.tag
