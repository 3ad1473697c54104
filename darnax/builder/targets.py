"""Find the class or function that a `_target_` names, in trusted packages only."""

import inspect
import pkgutil
import re
from collections.abc import Collection
from importlib import import_module
from types import ModuleType
from typing import Any

from darnax.builder.annotations import return_class
from darnax.builder.optax_names import find_in_optax
from darnax.builder.problems import format_value, nearest
from darnax.errors import first_line
from darnax.tracking import Tracker

TRUSTED = frozenset({"darnax", "optax"})
# The packages of darnax whose classes a configuration may name.
PACKAGES = (
    "activations",
    "states",
    "rules",
    "connectivity",
    "modules",
    "orchestrators",
    "observables",
    "data",
    "local_data",
)


def find(target: Any, trust: Collection[str], kind: type | None = None) -> Any:
    """Return the class or function named by `target`.

    Nothing of a package that is not trusted is imported or returned.

    Raises:
        ValueError: it is not a dotted name, its package is not trusted, the name does not exist, or
            it does not make a `kind`.
    """
    # No part begins with an underscore after the package: private members cannot be named.
    if not isinstance(target, str) or not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z]\w*)+", target):
        example = find_public(target) or "darnax.modules.OutputLayer"
        expected = f"expected a dotted public name, such as {example}"
        raise ValueError(f"got {format_value(target)}, {expected}")
    package, *names = target.split(".")
    allowed = TRUSTED | set(trust)
    require_trust(package, target, allowed)
    found: Any
    if package == "optax":
        found = find_in_optax(target)
        require_kind(found, target, kind)
        return found
    found = import_or_refuse(package)
    path = package
    for name in names:
        found = find_member(found, path, name)
        path = f"{path}.{name}"
        # A trusted package may have a member of another one, such as a module that it imports.
        module = getattr(found, "__module__", package)
        if isinstance(found, ModuleType):
            module = found.__name__
        require_trust(str(module).partition(".")[0], target, allowed)
    if package == "darnax":
        require_public(found, target, kind)
    require_kind(found, target, kind)
    return found


def find_public(name: Any) -> str | None:
    """Return the dotted name of what darnax offers under a name without its package, if anything.

    Example:
        >>> find_public("Hebbian")
        'darnax.rules.Hebbian'
    """
    for package in PACKAGES:
        if name in import_module(f"darnax.{package}").__all__:
            return f"darnax.{package}.{name}"
    return None


def require_trust(package: str, target: str, allowed: Collection[str]) -> None:
    """Raise ValueError, with the setting to change, unless the package may be used."""
    if package in allowed:
        return
    named = target.partition(".")[0]
    if named in TRUSTED:
        what = f"{target} leads out of {named}, to {package}"
        raise ValueError(f"{what}; name what {named} itself offers")
    what = f"{target} is of the package {package}, which this run does not trust"
    raise ValueError(f"{what}; if you do, add trust=[{package}]")


def import_or_refuse(module: str) -> ModuleType:
    """Import a module; raise ValueError for every exception of the import."""
    try:
        return import_module(module)
    except Exception as error:
        reason = f"{type(error).__name__}: {first_line(error)}"
        advice = "install it, or put its folder on PYTHONPATH"
        raise ValueError(f"cannot import {module} ({reason}); {advice}") from error


def find_member(found: Any, path: str, name: str) -> Any:
    """Return the attribute or submodule `name` of `found`, which is at `path`.

    Raises:
        ValueError: there is none; the message has the nearest name.
    """
    if hasattr(found, name):
        return getattr(found, name)
    modules = [module.name for module in pkgutil.iter_modules(getattr(found, "__path__", []))]
    if name in modules:
        return import_or_refuse(f"{path}.{name}")
    public = [attribute for attribute in dir(found) if not attribute.startswith("_")]
    known = [*getattr(found, "__all__", public), *modules]
    raise ValueError(f"{path} has no {name}{nearest(name, known)}")


def require_public(found: Any, target: str, kind: type | None = None) -> None:
    """Raise ValueError unless `found` is a class that one of PACKAGES exports.

    The rest of darnax writes files and starts processes, which no configuration needs; trackers are
    named in the section `tracking` alone.
    """
    if not isinstance(found, type):
        raise ValueError(f"{target} is no class")
    package = ".".join(found.__module__.split(".")[:2])
    allowed = (*PACKAGES, "tracking") if kind is Tracker else PACKAGES
    if package.removeprefix("darnax.") in allowed:
        exported = getattr(import_module(package), "__all__", ())
        if found.__name__ in exported:
            return
    packages = ", ".join(f"darnax.{name}" for name in allowed)
    what = f"{target} is nothing that a configuration can name"
    raise ValueError(f"{what}; classes are in {packages}")


def is_of_darnax(factory: Any) -> bool:
    """Return whether a class or function is darnax's own."""
    return str(getattr(factory, "__module__", "")).partition(".")[0] == "darnax"


def require_kind(found: Any, target: str, kind: type | None) -> None:
    """Raise ValueError unless `found` can be called to make a `kind`."""
    if not callable(found):
        raise ValueError(f"{target} is no class")
    # A function without an annotation passes here; its result is checked when it is called.
    result = return_class(found)
    if kind is not None and result is not None and not issubclass(result, kind):
        raise ValueError(f"{target} is no {kind.__name__}; expected one here")
    if inspect.isabstract(found) and not is_of_darnax(found):
        lacking = ", ".join(sorted(found.__abstractmethods__))
        raise ValueError(f"{target} does not define {lacking}; define it, or name another class")
    if inspect.isabstract(found):
        raise ValueError(f"{target} is an interface; name one of its implementations")
