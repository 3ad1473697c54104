"""From `dynamics.train` and `dynamics.infer` to phases."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from darnax.builder.calls import Reader
from darnax.builder.problems import first_line, nearest, said
from darnax.relaxation import Phase


def read_phases(node: Mapping[str, Any], where: str, names: tuple[str, ...], reader: Reader) -> dict[str, Phase]:
    """Return the phases by name, those without a problem; `names` are the modules that `learn` may name."""
    phases = {}
    for name, value in node.items():
        path = f"{where}.{name}"
        if not isinstance(value, Mapping):
            reader.problems.add(path, f"came {said(value)}, expected a mapping, such as {{messages: forward, steps: 5}}")
            continue
        call = reader.arguments(Phase, value, path, filled=())
        if call is None:
            continue
        try:
            phases[name] = phase = call()
        except ValueError as error:
            reader.problems.add(path, first_line(error))
            continue
        examine_learn(phase, f"{path}.learn", names, reader)
    return phases


def examine_learn(phase: Phase, where: str, names: tuple[str, ...], reader: Reader) -> None:
    """Note what a phase shall learn that is no module."""
    if phase.learn and where.startswith("dynamics.infer"):
        reader.problems.add(where, "inference learns nothing; take it away")
        return
    for pattern in phase.learn if names else ():
        if not any(fnmatchcase(name, pattern) for name in names):
            reader.problems.add(where, f"no module is called {pattern}{nearest(pattern, names)}")
