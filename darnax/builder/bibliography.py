"""The references of a run, from the docstrings of its network, rules, optimisers and task."""

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import equinox as eqx

from darnax.activations import Activation
from darnax.builder import optimizer_references
from darnax.builder.build import build_parts
from darnax.builder.optimizer_references import KEYS, PLAIN
from darnax.learning import selected_by_any_phase
from darnax.rules import Rule
from darnax.trees import find_targets

ENTRY = re.compile(r"^[ \t]*@\w+\{\s*([^,\s]+),", re.MULTILINE)


class Bibliography(NamedTuple):
    """BibTeX entry -> the parts of the run that use it; and what has no reference but should."""

    entries: Mapping[str, list[str]]
    silent: list[str]


class Source(NamedTuple):
    """A part of a run that may have references."""

    used_by: str
    what: str
    texts: list[str]  # that may contain BibTeX entries
    required: bool  # whether it should have one


def bibliography(config: Mapping[str, Any], dataset: str = "") -> Bibliography:
    """Return the references of a resolved configuration.

    The rules of a module are included only if the module learns in some phase.

    Args:
        config: the configuration.
        dataset: text with the BibTeX entries of the dataset.

    Raises:
        RequestError: as `build` does.
    """
    entries: dict[str, list[str]] = {}
    silent = []
    for source in find_sources(config, dataset):
        found: dict[str, str] = {}
        for text in source.texts:
            found |= entries_of(text)
        for entry in found.values():
            users = entries.setdefault(entry, [])
            if source.used_by not in users:
                users.append(source.used_by)
        if source.required and not found and source.what not in silent:
            silent.append(source.what)
    return Bibliography(entries, silent)


def entries_of(text: str) -> dict[str, str]:
    r"""Return the BibTeX entries in a text, by key.

    Example:
        >>> list(entries_of("Hebb's rule.\n\n@book{hebb,\n  year = {1949}\n}\n"))
        ['hebb']
    """
    entries = {}
    matches = list(ENTRY.finditer(text))
    for n, match in enumerate(matches):
        # An entry that is never closed ends where the next one begins.
        limit = matches[n + 1].start() if n + 1 < len(matches) else len(text)
        end = find_closing_brace(text, match.end(), limit)
        entries[match[1]] = inspect.cleandoc(text[match.start() : end])
    return entries


def find_closing_brace(text: str, position: int, limit: int) -> int:
    """Return the position after the brace that closes the one open at `position`, up to `limit`."""
    depth = 1
    while depth and position < limit:
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        position += 1
    return position


def find_sources(config: Mapping[str, Any], dataset: str) -> Iterator[Source]:
    """Yield everything in a run that may have a reference: model, rules, optimisers, data."""
    experiment, _, network = build_parts(config, existing=True)
    layer_map = network.layer_map
    learns = selected_by_any_phase(layer_map, experiment.train.values())
    yield describe_class("dynamics", type(network), required=False)
    for name, module in zip(layer_map.names, layer_map.modules, strict=True):
        for part in (module, *find_parts(module, Activation)):
            yield describe_class(name, type(part), required=False)
    for name, module, learning in zip(layer_map.names, layer_map.modules, learns, strict=True):
        rules = find_parts(module, Rule) if learning else ()
        for rule in rules:
            yield describe_class(name, type(rule), required=True)
    known = entries_of(str(optimizer_references.__doc__))
    for target in dict.fromkeys(find_keys(config["optimizer"])):
        texts = [known[KEYS[target]]] if target in KEYS else []
        yield Source("optimizer", target, texts, target not in PLAIN)
    source = experiment.data.source
    texts = [dataset, *(docstrings(type(source)) if source else [])]
    yield Source("data", experiment.data.name, texts, required=True)


def find_parts(part: Any, kind: type) -> Iterator[Any]:
    """Yield the parts of a kind in a module: activations or rules, also those in one another."""
    for inner in vars(part).values():
        if isinstance(inner, kind):
            yield inner
        if isinstance(inner, eqx.Module):
            yield from find_parts(inner, kind)


def describe_class(used_by: str, kind: type, *, required: bool) -> Source:
    """Return a class as a source of references."""
    return Source(used_by, f"{kind.__module__}.{kind.__qualname__}", docstrings(kind), required)


def docstrings(kind: type) -> list[str]:
    """Return the docstrings of a class and of its base classes, each with that of its module."""
    texts = []
    for base in kind.__mro__:
        texts += [str(base.__doc__), str(sys.modules[base.__module__].__doc__)]
    return texts


def find_keys(section: Any) -> Iterator[str]:
    """Yield the targets of a section, and `target argument` where the argument has a reference."""
    for _, described in find_targets(section):
        target = described["_target_"]
        yield target
        for argument in described:
            if f"{target} {argument}" in KEYS:
                yield f"{target} {argument}"
