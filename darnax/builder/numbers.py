"""The free numbers of the section `model`, such as `depth`, which are there to be referred to."""

from collections.abc import Mapping
from typing import Any

from darnax.builder.annotations import is_numbers
from darnax.builder.problems import Problems, nearest
from darnax.builder.specification import Model
from darnax.near import near

MOST = 500


def check_numbers(model: Model, problems: Problems) -> None:
    """Note every key of `model` besides its own that is no number, or that looks like a slip.

    When a configuration arrives here its references are resolved, so that a slip has to be told by its looks: it is nearly the
    name of another key (`dept`), or it is the name of a module's argument and no module has its value (`+model.j_d=0.5`).
    """
    numbers = model.model_extra or {}
    if len(numbers) > MOST:  # each is compared with all the others
        problems.add("model", f"got {len(numbers)} keys of numbers, expected {MOST} at most")
        return
    modules = {
        f"model.{kind}.{name}": node
        for kind in ("layers", "adapters")
        for name, node in getattr(model, kind).items()
    }
    known = list(type(model).model_fields)
    for name, value in numbers.items():
        others = [other for other in known if stem(other) != stem(name)]
        known.append(name)
        users = [
            f"{where}.{name}"
            for where, node in modules.items()
            if isinstance(node, Mapping) and name in node
        ]
        if not is_numbers(value) or near(name, others, cutoff=0.8):
            problems.add(f"model.{name}", f"there is no such key{nearest(name, others)}")
        elif users and not occurs(value, [model.buffers, *modules.values()]):
            problems.add(
                f"model.{name}",
                f"nothing refers to it; write {users[0]}={value}, or take it away with ~model.{name}",
            )


def stem(name: str) -> str:
    """Return a name without its number, so that `features_1` and `features_2` are no slips of each other."""
    return name.rstrip("0123456789_")


def occurs(value: Any, node: Any) -> bool:
    """Whether `value` stands somewhere in `node`."""
    inner = (
        list(node.values()) if isinstance(node, Mapping) else node if isinstance(node, list) else []
    )
    return bool(node == value) or any(occurs(value, item) for item in inner)
