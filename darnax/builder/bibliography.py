"""The literature of a run: what its network, its rules, its optimisers and its task carry in their docstrings."""

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from darnax.builder import optimizer_references
from darnax.builder.build import build_parts
from darnax.builder.optimizer_references import KEYS, PLAIN
from darnax.learning import selected_by_phase

ENTRY = re.compile(r"^[ \t]*@\w+\{\s*([^,\s]+),", re.MULTILINE)


class Bibliography(NamedTuple):
    """BibTeX entries with who uses each, and what ought to have a reference and has none."""

    entries: Mapping[str, list[str]]
    silent: list[str]


def bibliography(config: Mapping[str, Any], dataset: str = "") -> Bibliography:
    """Return what a resolved configuration builds on; `dataset` is text that holds the entries of its data set.

    Of a module's rule only if it learns in some phase.

    Raises:
        RequestError: as `build` does.
    """
    entries: dict[str, list[str]] = {}
    silent = []
    for used_by, what, texts, required in sources(config, dataset):
        found = {key: entry for text in texts for key, entry in entries_of(text).items()}
        for entry in found.values():
            users = entries.setdefault(entry, [])
            users += [used_by] if used_by not in users else []
        if required and not found and what not in silent:
            silent.append(what)
    return Bibliography(entries, silent)


def entries_of(text: str) -> dict[str, str]:
    r"""Return the BibTeX entries in a text, by key.

    Example:
        >>> list(entries_of("Hebb's rule.\n\n@book{hebb,\n  year = {1949}\n}\n"))
        ['hebb']
    """
    found = list(ENTRY.finditer(text))
    ends = [*(match.start() for match in found), len(text)][
        1:
    ]  # what is never closed ends where the next one begins
    return {
        match[1]: inspect.cleandoc(text[match.start() : end_of(text, match.end(), last)])
        for match, last in zip(found, ends, strict=True)
    }


def end_of(text: str, place: int, last: int) -> int:
    """Return the place after the brace that closes the one open at `place`, at most `last`."""
    depth = 1
    while depth and place < last:
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        place += 1
    return place


Source = tuple[
    str, str, list[str], bool
]  # who uses it, what it is, the texts about it, whether it ought to have an entry


def sources(config: Mapping[str, Any], dataset: str) -> Iterator[Source]:
    """Yield everything in a run that may have a reference: model, rules, optimisers, data."""
    experiment, _, network = build_parts(config, existing=True)
    layer_map, phases = network.layer_map, experiment.train.values()
    learns = [
        any(column)
        for column in zip(*(selected_by_phase(layer_map, phase) for phase in phases), strict=True)
    ]
    yield "dynamics", name_of(type(network)), texts(type(network)), False
    for name, module in zip(layer_map.names, layer_map.modules, strict=True):
        yield name, name_of(type(module)), texts(type(module)), False
    for name, module, learning in zip(layer_map.names, layer_map.modules, learns, strict=True):
        rule = type(getattr(module, "rule", None))
        if learning and rule is not type(None):
            yield name, name_of(rule), texts(rule), True
    known = entries_of(str(optimizer_references.__doc__))
    for what in dict.fromkeys(transformations(config["optimizer"])):
        yield "optimizer", what, [known[KEYS[what]]] if what in KEYS else [], what not in PLAIN
    source = experiment.data.source
    yield "data", experiment.data.name, [dataset, *(texts(type(source)) if source else [])], True


def name_of(kind: type) -> str:
    """Return the full name of a class."""
    return f"{kind.__module__}.{kind.__qualname__}"


def texts(kind: type) -> list[str]:
    """Return the docstrings of a class, of those it inherits from, and of the files in which they stand."""
    return [
        str(thing.__doc__) for one in kind.__mro__ for thing in (one, sys.modules[one.__module__])
    ]


def transformations(node: Any) -> Iterator[str]:
    """Yield the targets of a section, and `target argument` where the argument has a reference of its own."""
    if isinstance(node, Mapping):
        if "_target_" in node:
            yield node["_target_"]
            yield from (
                name for argument in node if (name := f"{node['_target_']} {argument}") in KEYS
            )
        for inner in node.values():
            yield from transformations(inner)
