"""From `dynamics.train` and `dynamics.infer` to phases."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from darnax.builder.calls import Reader
from darnax.builder.names import glob_for
from darnax.builder.problems import format_value
from darnax.relaxation import Phase, Phases


def read_phases(
    node: Mapping[str, Any], where: str, names: tuple[str, ...], reader: Reader
) -> Phases:
    """Return the phases by name, those without a problem; `names` are the modules that `learn` may mean, if they are known."""
    phases: dict[str, Phase] = {}
    for name, value in node.items():
        path = f"{where}.{name}"
        if not isinstance(value, Mapping):
            reader.problems.add(
                path,
                f"got {format_value(value)}, expected a mapping, such as {{messages: forward, steps: 5}}",
            )
            continue
        objects = [key for key, part in value.items() if holds_a_mapping(part)]
        for key in objects:
            reader.problems.add(
                f"{path}.{key}",
                f"got {format_value(value[key])}, expected words and numbers: a phase holds no object",
            )
        if objects:
            continue
        call = reader.arguments(Phase, value, path, filled=())
        if call is not None:
            with reader.problems.at(path):
                phase = call()
                phases[name] = replace(
                    phase, learn=tuple(read_learn(phase, f"{path}.learn", names, reader))
                )
    return Phases(phases)


def holds_a_mapping(part: Any) -> bool:
    """Say whether a part of a phase would make an object, or asks for one."""
    return isinstance(part, Mapping) or (isinstance(part, list) and any(map(holds_a_mapping, part)))


def read_learn(phase: Phase, where: str, names: tuple[str, ...], reader: Reader) -> list[str]:
    """Return the globs that the words of `learn` stand for; note the words that mean no module."""
    if phase.learn and where.startswith("dynamics.infer"):
        reader.problems.add(where, "inference learns nothing; take it away")
        return []
    globs = []
    for word in phase.learn if names else ():
        with reader.problems.at(where):
            globs.append(glob_for(word, names))
    return globs
