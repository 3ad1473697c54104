"""The network of a run as its picture shows it: names, sizes and kinds, in network.json.

A run writes the file when it starts, so that reports draw its network without building it, which
would load JAX and the code of packages that the configuration names.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from darnax.files import read_text

FILE = "network.json"
MOST_MODULES = 2000  # of a file of unknown origin; each is drawn
LONGEST = 200  # characters of one text
LARGEST = 1 << 40  # of a number


@dataclass(frozen=True)
class OutlinedModule:
    """One module.

    Args:
        name: of the module.
        sender, receiver: positions of its buffers; the same for a layer.
        kind: its class.
        connectivity: the inputs of one receiving unit in a few words; empty without a weight.
        parameters: whether it has any number.
        plastic: whether training may change any.
    """

    name: str
    sender: int
    receiver: int
    kind: str
    connectivity: str
    parameters: bool
    plastic: bool


@dataclass(frozen=True)
class Outline:
    """A network.

    Args:
        buffers: names and sizes.
        modules: in the order of the configuration.
    """

    buffers: tuple[tuple[str, tuple[int, ...]], ...] = ()
    modules: tuple[OutlinedModule, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the content of network.json."""
        return asdict(self)


def read(path: Path) -> Outline | None:
    """Return the content of a network.json; None if there is none that darnax would write."""
    try:
        content = json.loads(read_text(path))
        buffers = tuple(map(read_buffer, content["buffers"]))
        modules = tuple(read_module(entry, len(buffers)) for entry in content["modules"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    is_whole = buffers and max(len(buffers), len(modules)) <= MOST_MODULES
    return Outline(buffers, modules) if is_whole else None


def read_buffer(entry: Any) -> tuple[str, tuple[int, ...]]:
    """Return the name and the size of a buffer; raise ValueError or TypeError for anything else."""
    name, size = entry
    return require_text(name), tuple(require_position(length, LARGEST) for length in size)


def read_module(entry: Mapping[str, Any], count: int) -> OutlinedModule:
    """Return a module between `count` buffers; raise as `read_buffer` does, or KeyError."""
    return OutlinedModule(
        name=require_text(entry["name"]),
        sender=require_position(entry["sender"], count),
        receiver=require_position(entry["receiver"], count),
        kind=require_text(entry["kind"]),
        connectivity=require_text(entry["connectivity"]),
        parameters=entry["parameters"] is True,
        plastic=entry["plastic"] is True,
    )


def require_text(value: Any) -> str:
    """Return a short text; raise ValueError for anything else."""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise ValueError(f"got {value!r:.40}, expected a short text")
    return value


def require_position(value: Any, end: int) -> int:
    """Return an integer from 0 to below `end`; raise ValueError for anything else."""
    if type(value) is not int or not 0 <= value < end:
        raise ValueError(f"got {value!r:.40}, expected an integer from 0 to {end - 1}")
    return value
