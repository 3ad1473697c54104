"""From names to edges: buffers that repeat, and adapters between `hidden[i]` and `hidden[i+1]`."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from darnax.builder.problems import Problems, format_value, nearest

Size = tuple[int, ...]
DEEPEST = 1000  # every layer is traced on its own: beyond, a network compiles for hours
MOST_UNITS = 2**31 - 1  # units are numbered in 32 bits
NAME = re.compile(r"[A-Za-z_]\w*")
ENDPOINT = re.compile(r"(\w+)(?: *\[ *(?:(i)(?: *([+-]) *(\d+))?|(-?\d+)) *\])?")


@dataclass(frozen=True)
class Family:
    """A line of `buffers`: one buffer, or `repeat` of them with one size; `first` is the position of the first."""

    name: str
    size: Size
    repeat: int | None
    first: int

    @property
    def members(self) -> tuple[str, ...]:
        """Names of the buffers: `hidden1`, `hidden2`, … where they repeat."""
        return (
            (self.name,)
            if self.repeat is None
            else tuple(f"{self.name}{i}" for i in range(1, self.repeat + 1))
        )


@dataclass(frozen=True)
class Buffers:
    """All buffers, in the order of their positions; the first is the input, the last the output."""

    families: Mapping[str, Family]

    @property
    def names(self) -> tuple[str, ...]:
        """Name of every buffer."""
        return tuple(name for family in self.families.values() for name in family.members)

    @property
    def sizes(self) -> tuple[Size, ...]:
        """Size of every buffer."""
        return tuple(family.size for family in self.families.values() for _ in family.members)

    @property
    def output(self) -> int:
        """Position of the last buffer."""
        return len(self.names) - 1


class NamedEdge(NamedTuple):
    """A module's name and its edge."""

    name: str
    receiver: int
    sender: int


def read_buffers(node: Mapping[str, Any], problems: Problems) -> Buffers | None:
    """Return the buffers that the mapping `model.buffers` describes, or None with every reason among the problems."""
    before, first = len(problems.found), 0
    families = {}
    for name, value in node.items():
        with problems.at(f"model.buffers.{name}"):
            families[name] = family = read_family(name, value, first)
            first += len(family.members)
    if first > DEEPEST:
        problems.add("model.buffers", f"got {first} buffers, expected {DEEPEST} at most")
    for end, role in ((0, "first buffer is the input"), (-1, "last buffer is the output")):
        name = list(node)[end]
        if name in families and families[name].repeat is not None:
            problems.add(
                f"model.buffers.{name}",
                f"the {role}, which does not repeat; write its size alone, such as [10]",
            )
    for name, family in families.items():
        if twice := [
            member for member in family.members if family.repeat is not None and member in families
        ]:
            problems.add(
                f"model.buffers.{twice[0]}",
                f"is also the name of a member of {name}; choose another name",
            )
    return Buffers(families) if len(problems.found) == before else None


def read_family(name: str, value: Any, first: int) -> Family:
    """Return one line of `buffers`; raise ValueError if it is none."""
    if not NAME.fullmatch(name):
        raise ValueError(f"got {name!r}, expected a name of letters, digits and _")
    repeats = isinstance(value, Mapping)
    if repeats and set(value) != {"size", "repeat"}:
        raise ValueError(
            f"got the keys {', '.join(map(str, value)) or 'none'}; expected size and repeat"
        )
    size, repeat = (value["size"], value["repeat"]) if repeats else (value, None)
    if (
        not isinstance(size, list | tuple)
        or not size
        or not all(type(length) is int and length > 0 for length in size)
    ):
        raise ValueError(
            f"got the size {format_value(size)}, expected a list of positive integers, such as [10]"
        )
    if math.prod(size) > MOST_UNITS:
        raise ValueError(f"got the size {format_value(size)}, expected {MOST_UNITS} units at most")
    if repeats and (type(repeat) is not int or not 1 <= repeat <= DEEPEST):
        raise ValueError(
            f"got repeat: {format_value(repeat)}, expected a positive integer, {DEEPEST} at most"
        )
    return Family(name, tuple(size), repeat, first)


class Endpoint(NamedTuple):
    """One end of an adapter: a buffer, for every i or for one."""

    family: Family
    running: bool  # the index has an i in it
    shift: int  # the index, or what is added to i

    def at(self, i: int) -> int | None:
        """Return the position of the buffer for this i, or None where there is none."""
        if self.family.repeat is None:
            return self.family.first
        index = self.shift + (i if self.running else 0)
        if index < 0 and not self.running:
            index += self.family.repeat + 1
        return self.family.first + index - 1 if 1 <= index <= self.family.repeat else None


def read_endpoint(text: Any, buffers: Buffers) -> Endpoint:
    """Return the end of an adapter that `text` describes; raise ValueError, with what to write, if it is none.

    Example:
        >>> read_endpoint("hidden[i+1]", Buffers({"hidden": Family("hidden", (8,), 3, 1)})).at(2)
        3
    """
    match = ENDPOINT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(
            f"got {format_value(text)}, expected the name of a buffer, or such as hidden[1], hidden[-1], hidden[i], hidden[i+1]"
        )
    name, running, sign, shift, fixed = match.groups()
    family = family_called(name, buffers)
    indexed = running is not None or fixed is not None
    if family.repeat is None and indexed:
        raise ValueError(f"got {text}, but {name} does not repeat; write {name}")
    if family.repeat is not None and not indexed:
        raise ValueError(
            f"got {text}, but {name} repeats; write {name}[1], {name}[-1], or {name}[i] for every one"
        )
    end = Endpoint(family, running is not None, int(fixed or f"{sign or '+'}{shift or 0}"))
    if fixed is not None and end.at(0) is None:
        raise ValueError(
            f"got {text}, expected an index from 1 to {family.repeat}, or -1 for the last"
        )
    return end


def family_called(name: str, buffers: Buffers) -> Family:
    """Return the line of `buffers` with this name, or raise ValueError with the nearest one."""
    if name in buffers.families:
        return buffers.families[name]
    for family in buffers.families.values():
        if name in family.members:
            raise ValueError(f"got {name}; write {family.name}[{name.removeprefix(family.name)}]")
    raise ValueError(f"there is no buffer {name}{nearest(name, buffers.families)}")


def named_edges(name: str, sender: Endpoint, receiver: Endpoint) -> Iterator[NamedEdge]:
    """Yield the adapter's places: one, or with an i in it one for every i = 1, 2, … for which both ends exist."""
    running = [end for end in (sender, receiver) if end.running]
    first = max([1, *(1 - end.shift for end in running)])
    last = min([(end.family.repeat or 0) - end.shift for end in running], default=0)
    for i in range(first, last + 1) if running else (0,):
        ends = receiver.at(i), sender.at(i)
        if ends[0] is not None and ends[1] is not None:
            yield NamedEdge(f"{name}{i}" if running else name, ends[0], ends[1])
