"""From names to edges: repeated buffers, and adapters between `hidden[i]` and `hidden[i+1]`."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from darnax.builder.problems import Problems, format_value, nearest
from darnax.printing import count_of

Size = tuple[int, ...]
MOST_BUFFERS = 1000  # every layer is traced separately, and more compile for hours
MOST_UNITS = 2**31 - 1  # indices of units have 32 bits
NAME = re.compile(r"[A-Za-z_]\w*")
# A name, alone or with an index: i, i+1, i-1, 2 or -1 in brackets.
ENDPOINT = re.compile(r"(\w+)(?: *\[ *(?:(i)(?: *([+-]) *(\d+))?|(-?\d+)) *\])?")


@dataclass(frozen=True)
class Family:
    """An entry of `buffers`: one buffer, or `repeat` buffers of one size, from position `first`."""

    name: str
    size: Size
    repeat: int | None
    first: int

    @property
    def members(self) -> tuple[str, ...]:
        """Names of the buffers: `hidden1`, `hidden2`, … where they repeat."""
        if self.repeat is None:
            return (self.name,)
        return tuple(f"{self.name}{i}" for i in range(1, self.repeat + 1))


@dataclass(frozen=True)
class Buffers:
    """All buffers, in the order of their positions; the first is the input, the last the output."""

    families: Mapping[str, Family]

    @property
    def names(self) -> tuple[str, ...]:
        """Name of every buffer."""
        names: list[str] = []
        for family in self.families.values():
            names += family.members
        return tuple(names)

    @property
    def sizes(self) -> tuple[Size, ...]:
        """Size of every buffer."""
        sizes: list[Size] = []
        for family in self.families.values():
            sizes += [family.size] * len(family.members)
        return tuple(sizes)

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
    """Return the buffers of the mapping `model.buffers`, or None with problems noted."""
    before, first = len(problems.found), 0
    families = {}
    for name, value in node.items():
        with problems.at(f"model.buffers.{name}"):
            families[name] = family = read_family(name, value, first)
            first += len(family.members)
    if first > MOST_BUFFERS:
        problems.add(
            "model.buffers", f"got {count_of(first, 'buffer')}, expected {MOST_BUFFERS} at most"
        )
    for end, role in ((0, "first buffer is the input"), (-1, "last buffer is the output")):
        name = list(node)[end]
        if name in families and families[name].repeat is not None:
            what = f"the {role}, which does not repeat; write its size alone, such as [10]"
            problems.add(f"model.buffers.{name}", what)
    for name, family in families.items():
        members = family.members if family.repeat is not None else ()
        duplicates = [member for member in members if member in families]
        if duplicates:
            what = f"is also the name of a member of {name}; choose another name"
            problems.add(f"model.buffers.{duplicates[0]}", what)
    return Buffers(families) if len(problems.found) == before else None


def read_family(name: str, value: Any, first: int) -> Family:
    """Return one entry of `buffers`; raise ValueError if it is invalid."""
    if not NAME.fullmatch(name):
        raise ValueError(f"got {name!r}, expected a name of letters, digits and _")
    repeats = isinstance(value, Mapping)
    if repeats and set(value) != {"size", "repeat"}:
        keys = ", ".join(map(str, value)) or "none"
        raise ValueError(f"got the keys {keys}; expected size and repeat")
    size, repeat = (value["size"], value["repeat"]) if repeats else (value, None)
    if not is_size(size):
        expected = "expected a list of positive integers, such as [10]"
        raise ValueError(f"got the size {format_value(size)}, {expected}")
    if math.prod(size) > MOST_UNITS:
        raise ValueError(f"got the size {format_value(size)}, expected {MOST_UNITS} units at most")
    if repeats and (type(repeat) is not int or not 1 <= repeat <= MOST_BUFFERS):
        expected = f"expected a positive integer, {MOST_BUFFERS} at most"
        raise ValueError(f"got repeat: {format_value(repeat)}, {expected}")
    return Family(name, tuple(size), repeat, first)


def is_size(value: Any) -> bool:
    """Return whether a value is a non-empty list of positive integers."""
    if not isinstance(value, list | tuple) or not value:
        return False
    return all(type(length) is int and length > 0 for length in value)


class Endpoint(NamedTuple):
    """One end of an adapter: a buffer, or one for each i."""

    family: Family
    running: bool  # whether the index contains i
    shift: int  # the index, or the number that is added to i

    def at(self, i: int) -> int | None:
        """Return the position of the buffer for this i, or None if there is none."""
        if self.family.repeat is None:
            return self.family.first
        index = self.shift + (i if self.running else 0)
        if index < 0 and not self.running:
            index += self.family.repeat + 1  # -1 is the last one
        return self.family.first + index - 1 if 1 <= index <= self.family.repeat else None


def read_endpoint(text: Any, buffers: Buffers) -> Endpoint:
    """Return the end of an adapter that `text` describes.

    Raises:
        ValueError: the text is invalid; the message has an example of what to write.

    Example:
        >>> buffers = Buffers({"hidden": Family("hidden", (8,), 3, 1)})
        >>> read_endpoint("hidden[i+1]", buffers).at(2), read_endpoint("hidden3", buffers).at(0)
        (3, 3)
    """
    match = ENDPOINT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        examples = "hidden[1], hidden[-1], hidden[i], hidden[i+1]"
        expected = f"expected the name of a buffer, or such as {examples}"
        raise ValueError(f"got {format_value(text)}, {expected}")
    name, running, sign, shift, fixed = match.groups()
    has_no_index = running is None and fixed is None
    member = split_member(name, buffers) if has_no_index else None
    if member is not None:  # hidden2, as buffers are called once they are made, is hidden[2]
        name, fixed = member
    family = find_family(name, buffers)
    has_index = running is not None or fixed is not None
    if family.repeat is None and has_index:
        raise ValueError(f"got {text}, but {name} does not repeat; write {name}")
    if family.repeat is not None and not has_index:
        examples = f"{name}[1], {name}[-1], or {name}[i] for every one"
        raise ValueError(f"got {text}, but {name} repeats; write {examples}")
    added = f"{sign or '+'}{shift or 0}"
    end = Endpoint(family, running is not None, int(fixed or added))
    if fixed is not None and end.at(0) is None:
        expected = f"expected an index from 1 to {family.repeat}, or -1 for the last"
        raise ValueError(f"got {text}, {expected}")
    return end


def split_member(name: str, buffers: Buffers) -> tuple[str, str] | None:
    """Return the family and the index in the name of a repeated buffer; None for another name."""
    if name in buffers.families:
        return None
    for family in buffers.families.values():
        index = name.removeprefix(family.name)
        if family.repeat is not None and name.startswith(family.name) and index.isdecimal():
            return family.name, index
    return None


def find_family(name: str, buffers: Buffers) -> Family:
    """Return the entry of `buffers` with this name, or raise ValueError with the nearest one."""
    if name in buffers.families:
        return buffers.families[name]
    raise ValueError(f"there is no buffer {name}{nearest(name, buffers.families)}")


def named_edges(name: str, sender: Endpoint, receiver: Endpoint) -> Iterator[NamedEdge]:
    """Yield the edges of an adapter: one, or one for each i = 1, 2, … for which both ends exist."""
    running = [end for end in (sender, receiver) if end.running]
    first = max([1, *(1 - end.shift for end in running)])
    last = min([(end.family.repeat or 0) - end.shift for end in running], default=0)
    for i in range(first, last + 1) if running else (0,):
        to, start = receiver.at(i), sender.at(i)
        if to is not None and start is not None:
            yield NamedEdge(f"{name}{i}" if running else name, to, start)
