"""The type and the meaning of a key in a shipped file, from where they are written."""

import re

import yaml

from darnax.builder.specification import SECTIONS
from darnax.phases import Phase
from scripts.documentation.docstring_arguments import (
    annotated_types,
    described_arguments,
    find_object,
    summary,
)
from scripts.documentation.schema_keys import in_yaml, schema_types
from scripts.documentation.yaml_keys import Key

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
EDGES = {  # of an adapter, whose other keys are arguments of its constructor
    "from": "the buffer that it reads: a name, or with [i], [i+1], [1], [-1] of a repeated one",
    "to": "the layer that receives its messages",
    "transpose": "whether its weight starts as the transpose of that in the opposite direction",
}
BUFFERS = {  # of a buffer that is a mapping
    "size": "units, or height, width and channels",
    "repeat": "number of buffers of this size",
}


class Meanings:
    """Looks up a key: its comment, its constructor, or the schema; never a comment elsewhere."""

    def of(self, group: str, key: Key) -> tuple[str, str]:
        """Return the type and the meaning of a key."""
        last = key.name.rpartition(".")[2]
        comment = "" if key.comment == "see above" else key.comment
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
        elif key.target:
            meaning = f"argument of `{key.target.rpartition('.')[2]}`"
        tag = TAGS[tag_of(key.node)]
        if tag:  # null stands for any value that the source finds
            type_ = type_ or schema_types(group).get(key.name, "")
        meaning = comment or of_wiring(group, key) or meaning or self.of_section(group, key)
        return type_ or tag, in_yaml(meaning)

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


def of_wiring(group: str, key: Key) -> str:
    """Return the meaning of a key of a buffer or an adapter that is the same in every model."""
    section, *names = key.name.split(".")
    if group != "model" or key.is_section:
        return ""
    if section == "buffers":
        return BUFFERS.get(names[-1], "") if len(names) == 2 else "size of this buffer"
    return EDGES.get(names[-1], "") if section == "adapters" and len(names) == 2 else ""


def in_phases(group: str, name: str) -> bool:
    return group == "dynamics" and name.split(".")[0] in ("train", "infer")


def is_phase_key(group: str, name: str) -> bool:
    return in_phases(group, name) and len(name.split(".")) == 3


def tag_of(node: yaml.Node) -> str:
    """Return the type of a value; a reference `${…}` stands for any."""
    if isinstance(node, yaml.ScalarNode) and node.value.startswith("${"):
        return "tag:yaml.org,2002:null"
    return node.tag
