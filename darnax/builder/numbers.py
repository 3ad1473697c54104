"""The free numbers of the section `model`, such as `depth`, to which other values may refer."""

from collections.abc import Mapping
from typing import Any

from darnax.builder.annotations import is_numbers
from darnax.builder.problems import Problems, format_value, nearest
from darnax.builder.specification import Model
from darnax.near import near
from darnax.printing import count_of

MOST = 500


def check_numbers(model: Model, problems: Problems) -> None:
    """Note every additional key of `model` that is not a number, or that looks like a mistake.

    References are already resolved in a configuration that is built, so a misspelled key cannot be
    found by them. It is taken for a mistake if it is similar to another key (`dept`), or if it is
    the name of a module's argument and no module has its value (`+model.j_d=0.5`).
    """
    numbers = model.model_extra or {}
    if len(numbers) > MOST:  # each is compared with all the others
        problems.add(
            "model", f"got {count_of(len(numbers), 'key')} of numbers, expected {MOST} at most"
        )
        return
    modules: dict[str, Any] = {}  # path in the YAML -> entry
    for kind in ("layers", "adapters"):
        for name, node in getattr(model, kind).items():
            modules[f"model.{kind}.{name}"] = node
    known = list(type(model).model_fields)
    for name, value in numbers.items():
        others = [other for other in known if strip_number(other) != strip_number(name)]
        known.append(name)
        users = [
            f"{where}.{name}"
            for where, node in modules.items()
            if isinstance(node, Mapping) and name in node
        ]
        if near(name, others, cutoff=0.8):
            problems.add(f"model.{name}", f"there is no such key{nearest(name, others)}")
        elif not is_numbers(value):
            keys = ", ".join(type(model).model_fields)
            what = f"got {format_value(value)}, expected a number, which other values refer to"
            problems.add(f"model.{name}", f"{what}, or one of the keys {keys}")
        elif users and not contains_value(value, [model.buffers, *modules.values()]):
            advice = f"write {users[0]}={value}, or remove it with ~model.{name}"
            problems.add(f"model.{name}", f"nothing refers to it; {advice}")


def strip_number(name: str) -> str:
    """Return a name without its number: `features_1` and `features_2` are not misspellings."""
    return name.rstrip("0123456789_")


def contains_value(value: Any, node: Any) -> bool:
    """Return whether `value` is somewhere in `node`."""
    if node == value:
        return True
    if isinstance(node, Mapping):
        node = list(node.values())
    return isinstance(node, list) and any(contains_value(value, item) for item in node)
