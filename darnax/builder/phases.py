"""Build the phases of `dynamics.train` and `dynamics.infer`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from darnax.builder.calls import Reader
from darnax.builder.module_globs import expand_to_glob
from darnax.builder.problems import format_value
from darnax.relaxation import Phase, Phases


def read_phases(
    node: Mapping[str, Any], where: str, names: tuple[str, ...], reader: Reader
) -> Phases:
    """Return the phases that have no problem, by name.

    `names` are those of the modules, to which `learn` may refer; empty if they are unknown because
    the model has problems.
    """
    phases: dict[str, Phase] = {}
    for name, value in node.items():
        path = f"{where}.{name}"
        if not isinstance(value, Mapping):
            example = "{messages: forward, steps: 5}"
            what = f"got {format_value(value)}, expected a mapping, such as {example}"
            reader.problems.add(path, what)
            continue
        objects = [key for key, part in value.items() if contains_mapping(part)]
        for key in objects:
            got = format_value(value[key])
            what = f"got {got}, expected words and numbers: a phase holds no object"
            reader.problems.add(f"{path}.{key}", what)
        if objects:
            continue
        call = reader.arguments(Phase, value, path, filled=())
        if call is not None:
            with reader.problems.at(path):
                phase = call()
                learn = read_learn(phase, f"{path}.learn", names, reader)
                phases[name] = replace(phase, learn=tuple(learn))
    return Phases(phases)


def contains_mapping(part: Any) -> bool:
    """Return whether a part of a phase is a mapping, or a list that contains one."""
    if isinstance(part, list):
        return any(map(contains_mapping, part))
    return isinstance(part, Mapping)


def read_learn(phase: Phase, where: str, names: tuple[str, ...], reader: Reader) -> list[str]:
    """Return the globs that the entries of `learn` stand for; note those that match no module."""
    if phase.learn and where.startswith("dynamics.infer"):
        reader.problems.add(where, "inference learns nothing; remove it")
        return []
    globs = []
    for word in phase.learn if names else ():
        with reader.problems.at(where):
            globs.append(expand_to_glob(word, names))
    return globs
