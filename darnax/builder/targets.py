"""From the words after `_target_` to the class that they name, and to no other."""

import inspect
import pkgutil
import re
from collections.abc import Collection
from importlib import import_module
from types import ModuleType
from typing import Any

from darnax.builder.annotations import made_by
from darnax.builder.optax_names import find_in_optax
from darnax.builder.problems import format_value, nearest
from darnax.errors import first_line
from darnax.tracking import Tracker

TRUSTED = frozenset({"darnax", "optax"})
ROOMS = (
    "states",
    "rules",
    "connectivity",
    "modules",
    "orchestrators",
    "observables",
    "data",
)  # of darnax, whose classes a file may name


def find(target: Any, trust: Collection[str], kind: type | None = None) -> Any:
    """Return the class or function named by `target`; nothing of a package that is not trusted is imported or handed out.

    Raises:
        ValueError: no dotted name, a package that is not trusted, a name that does not exist, or not of the `kind` wanted.
    """
    if not isinstance(target, str) or not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z]\w*)+", target):
        raise ValueError(
            f"got {format_value(target)}, expected a dotted public name, such as darnax.modules.OutputLayer"
        )
    package, *names = target.split(".")
    allowed = TRUSTED | set(trust)
    require_trust(package, target, allowed)
    found: Any
    if package == "optax":
        found = find_in_optax(target)
        require_kind(found, target, kind)
        return found
    found = imported(package)
    walked = package
    for name in names:
        found = member(found, walked, name)
        walked = f"{walked}.{name}"
        home = (
            found.__name__
            if isinstance(found, ModuleType)
            else getattr(found, "__module__", package)
        )
        require_trust(str(home).partition(".")[0], target, allowed)
    if package == "darnax":
        require_public(found, target, kind)
    require_kind(found, target, kind)
    return found


def require_trust(package: str, target: str, allowed: Collection[str]) -> None:
    """Raise ValueError, with the way out, unless the package may be used."""
    named = target.partition(".")[0]
    if package not in allowed and named in TRUSTED:
        raise ValueError(
            f"{target} leads out of {named}, to {package}; name what {named} itself offers"
        )
    if package not in allowed:
        raise ValueError(
            f"{target} is of the package {package}, which this run does not trust; if you do, add trust=[{package}]"
        )


def imported(module: str) -> ModuleType:
    """Import a module; whatever keeps it from being imported is a ValueError."""
    try:
        return import_module(module)
    except Exception as error:
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise ValueError(
            f"cannot import {module} ({reason}); install it, or put its folder on PYTHONPATH"
        ) from error


def member(found: Any, walked: str, name: str) -> Any:
    """Return the attribute or submodule `name` of `found`, or raise ValueError with the nearest name that there is."""
    if hasattr(found, name):
        return getattr(found, name)
    modules = [module.name for module in pkgutil.iter_modules(getattr(found, "__path__", []))]
    if name in modules:
        return imported(f"{walked}.{name}")
    known = [*getattr(found, "__all__", [n for n in dir(found) if not n.startswith("_")]), *modules]
    raise ValueError(f"{walked} has no {name}{nearest(name, known)}")


def require_public(found: Any, target: str, kind: type | None = None) -> None:
    """Raise ValueError unless `found` is a class that a room of darnax offers.

    The rest of darnax writes files and starts processes, and no configuration needs that; nor does
    it need a tracker elsewhere than where trackers are named.
    """
    if not isinstance(found, type):
        raise ValueError(f"{target} is no class")
    room = ".".join(found.__module__.split(".")[:2])
    rooms = (*ROOMS, "tracking") if kind is Tracker else ROOMS
    offered = room.removeprefix("darnax.") in rooms
    if not offered or found.__name__ not in getattr(import_module(room), "__all__", ()):
        places = ", ".join(f"darnax.{name}" for name in rooms)
        raise ValueError(
            f"{target} is nothing that a configuration can name; classes are in {places}"
        )


def require_kind(found: Any, target: str, kind: type | None) -> None:
    """Raise ValueError unless `found` can be called to make a `kind`."""
    if not callable(found):
        raise ValueError(f"{target} is no class")
    made = made_by(found)
    if kind is not None and made is not None and not issubclass(made, kind):
        raise ValueError(f"{target} is no {kind.__name__}; expected one here")
    if inspect.isabstract(found):
        raise ValueError(f"{target} is an interface; name one of its implementations")
