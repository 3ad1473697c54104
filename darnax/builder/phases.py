"""Build the phases of `dynamics.train` and `dynamics.infer`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from darnax.builder.calls import Reader
from darnax.builder.module_globs import expand_to_glob
from darnax.builder.problems import format_value
from darnax.phases import STARTS, Factors, Phase, Phases

NAMED = ("messages", "learn")  # the parts of a phase that may hold names of modules, with numbers
MAPPINGS = (*NAMED, "target_state")  # the parts that may be a mapping to numbers


def read_phases(
    node: Mapping[str, Any], where: str, names: tuple[str, ...], reader: Reader
) -> Phases:
    """Return the phases that have no problem, by name.

    `names` are those of the modules, to which `messages` and `learn` may refer; empty if they are
    unknown because the model has problems.
    """
    phases: dict[str, Phase] = {}
    earlier: list[str] = []
    for name, value in node.items():
        phase = read_phase(value, f"{where}.{name}", names, earlier, reader)
        if phase is not None:
            phases[name] = phase
        earlier.append(name)
    problem_free: dict[str, Phase] = {}  # one that starts from a wrong phase is wrong as well
    for name, phase in phases.items():
        needed = {phase.start, phase.wrong_by, *(phase.target_state or ())}
        if needed <= {*STARTS, None, *problem_free, name}:
            problem_free[name] = phase
    return Phases(problem_free)


def read_phase(
    node: Any, where: str, names: tuple[str, ...], earlier: Sequence[str], reader: Reader
) -> Phase | None:
    """Return one phase, or None with problems noted; `earlier` are the names of those before it."""
    if not isinstance(node, Mapping):
        example = "{messages: forward, steps: 5}"
        what = f"got {format_value(node)}, expected a mapping, such as {example}"
        reader.problems.add(where, what)
        return None
    objects = [key for key, part in node.items() if contains_object(key, part)]
    for key in objects:
        what = "expected words and numbers: a phase holds no object"
        reader.problems.add(f"{where}.{key}", f"got {format_value(node[key])}, {what}")
    call = None if objects else reader.arguments(Phase, node, where, filled=())
    if call is None:
        check_parts(node, where, names, earlier, reader)
        return None
    before = len(reader.problems.found)
    with reader.problems.at(where):
        phase = call()
        note_references(phase, where, earlier, reader)
        parts = {key: read_names(phase, key, f"{where}.{key}", names, reader) for key in NAMED}
        return replace(phase, **parts) if len(reader.problems.found) == before else None
    check_parts(node, where, names, earlier, reader)
    return None


def check_parts(
    node: Mapping[str, Any],
    where: str,
    names: tuple[str, ...],
    earlier: Sequence[str],
    reader: Reader,
) -> None:
    """Note names of no module or phase in a phase that cannot be made for another reason."""
    for key in (*NAMED, "start", "target_state"):
        parts: dict[str, Any] = {}
        # A target_state needs a `learn` beside it.
        for part in (key, "learn") if key == "target_state" else (key,):
            if part in node:
                parts[part] = tuple(node[part]) if isinstance(node[part], list) else node[part]
        if key not in parts:
            continue
        try:
            phase = Phase(steps=0, **parts)
        except (TypeError, ValueError):
            continue
        if key in NAMED:
            read_names(phase, key, f"{where}.{key}", names, reader)
        else:
            note_references(phase, where, earlier, reader)


def note_references(phase: Phase, where: str, earlier: Sequence[str], reader: Reader) -> None:
    """Note phases that a phase names and that are not before it, and what it cannot learn."""
    own = where.rpartition(".")[2]
    found = []
    if phase.start not in (*STARTS, *earlier):
        found.append(("start", f"got {phase.start}, expected one of {join((*STARTS, *earlier))}"))
    if phase.wrong_by not in (None, *earlier):
        expected = f"expected one of {join(earlier) or 'the phases before it: none'}"
        found.append(("wrong_by", f"got {phase.wrong_by}, {expected}"))
    unknown = sorted(set(phase.target_state or ()) - {*earlier, own})
    if where.startswith("dynamics.infer"):
        for key in ("learn", "target_state"):
            if getattr(phase, key):
                found.append((key, "inference learns nothing; remove it"))
    elif unknown:
        what = f"got {join(unknown)}, expected phases among {join((*earlier, own))}"
        found.append(("target_state", what))
    elif phase.target_state and not phase.learn:
        found.append(("target_state", "no module learns at the end of this phase; add `learn`"))
    for key, what in found:
        reader.problems.add(f"{where}.{key}", what)


def join(names: Sequence[str]) -> str:
    """Return names as an enumeration."""
    return ", ".join(names)


def contains_object(key: str, part: Any) -> bool:
    """Return whether a part of a phase is a mapping, or a list that contains one.

    Parts that hold numbers by name may be a mapping themselves.
    """
    if isinstance(part, list):
        return any(contains_object("", item) for item in part)
    if not isinstance(part, Mapping):
        return False
    if key not in MAPPINGS or "_target_" in part:
        return True
    return any(contains_object("", item) for item in part.values())


def read_names(
    phase: Phase, key: str, where: str, names: tuple[str, ...], reader: Reader
) -> str | tuple[str, ...] | Factors:
    """Return a part of a phase with the globs that its words stand for; note those of no module."""
    part = getattr(phase, key)
    if isinstance(part, str) or not names:
        return part
    globs = []
    for word in part:
        with reader.problems.at(where):
            globs.append(expand_to_glob(word, names))
    if len(globs) < len(part):  # a problem was noted
        return part
    if not isinstance(part, Factors):
        return tuple(globs)
    for word in find_unreached(part, globs, names):
        what = f"{word}: has no effect, since other entries match the same modules more closely"
        reader.problems.add(where, f"{what}; remove it")
    return part.with_globs(globs)


def find_unreached(part: Factors, globs: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the words of a mapping that are the closest match of no module.

    Only those whose number differs from that of an earlier match are of interest.
    """
    by_glob = part.with_globs(globs)
    unreached = []
    for word, glob, number in zip(part.globs, globs, part.numbers, strict=True):
        found = {by_glob.find(name) for name in names if fnmatchcase(name, glob)}
        if number not in found:
            unreached.append(word)
    return unreached
