"""Applies overrides to the plain values of a saved configuration, without reading any file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from darnax.composing import explanations, references, suggestions
from darnax.composing.composition import Composed, keep_references
from darnax.composing.derivations import Keys
from darnax.composing.references import ABSENT, Lookup, get_child
from darnax.errors import Problem, RequestError, first_line
from darnax.trees import leaves, list_names

FILES = "chooses a file, but a saved configuration is complete; change single values: key=value"


class Changes:
    """A configuration that overrides are applied to.

    Args:
        before: the configuration; it is not modified.
        is_group: whether a key is a folder of configurations, of which a value chooses a file.
    """

    def __init__(self, before: Composed, is_group: Callable[[str], bool]) -> None:
        self.tree: dict[str, Any] = deepcopy(before.tree)
        self.computed_from = dict(before.computed_from)
        self.touched: list[str] = []
        self.is_group = is_group

    def apply(self, overrides: Sequence[str]) -> None:
        """Apply overrides in their order; a RequestError explains every one that is invalid."""
        problems: list[Problem] = []
        for word in overrides:
            try:
                self.change(parse_override(word))
            except RequestError as error:
                problems += error.problems
        if problems:
            raise RequestError(*problems)

    def set_value(self, key: str, value: Any) -> None:
        """Set one value, whatever it was."""
        self.mark_replaced([key])
        self.put(key, references.split_key(key), value, add=True)

    def change(self, override: Override) -> None:
        """Apply one override."""
        word, key, value = str(override.input_line), override.key_or_group, override.value()
        if override.is_sweep_override():
            sweep = "sweep over them (train -m, darnax.sweep)"
            what = f"has several values; {sweep}, or write a list as {key}=[…]"
            raise RequestError(Problem(word, what))
        if "/" in key or override.package is not None or self.chooses_file(override, value):
            raise RequestError(Problem(word, FILES))
        if override.is_delete():
            self.delete(word, key, value)
            return
        value = self.evaluate(word, key, value)
        existing = Lookup(self.tree).find(key)
        is_value = not isinstance(value, dict | list)
        if override.is_add() and is_value and existing not in (ABSENT, None):
            what = f"{key} exists already; change it with {word.lstrip('+')}"
            raise RequestError(Problem(word, what))
        add = override.is_add() or override.is_force_add()
        self.put(word, references.split_key(key), value, add=add)

    def chooses_file(self, override: Override, value: Any) -> bool:
        """Return whether an override chooses a file of a group."""
        if override.is_delete() or isinstance(value, dict):
            return False
        return self.is_group(override.key_or_group)

    def evaluate(self, word: str, key: str, value: Any) -> Any:
        """Return the value of an override with its references kept and its resolvers called."""
        texts = [text for _, text in references.interpolations(value)]
        self.mark_replaced(replaced_keys(value, key))
        if all(map(references.is_plain, texts)):
            return references.make_all_absolute(value, key)
        try:
            config = OmegaConf.create(references.resolve(self.tree))
            OmegaConf.update(config, key, value, merge=False, force_add=True)
            raw = OmegaConf.to_container(config, resolve=False)
            resolved = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
        except OmegaConfBaseException as error:
            raise RequestError(Problem(word, first_line(error))) from error
        composed = keep_references(raw, resolved)  # type: ignore[arg-type]
        self.computed_from |= composed.computed_from
        return references.find(composed.tree, key)

    def mark_replaced(self, keys: Iterable[str]) -> None:
        """Note that values are set or removed: they are not computed from others any more."""
        replaced = Keys(keys)
        self.touched += replaced.exact
        self.computed_from = {
            name: found for name, found in self.computed_from.items() if not replaced.covers(name)
        }

    def put(self, word: str, parts: Sequence[str], value: Any, *, add: bool) -> None:
        """Set a value; a reference on the way to it is replaced by a copy of its target."""
        node: Any = self.tree
        for depth, part in enumerate(parts[:-1], 1):
            inner = self.copy_target(node, part)
            if not isinstance(inner, dict | list):
                if not add or (isinstance(node, list) and inner is ABSENT):
                    known_depth = depth if inner is ABSENT else depth + 1
                    raise self.explain_absent(word, parts[:known_depth])
                inner = assign(node, part, {})
            node = inner
        is_mapping = isinstance(value, dict)
        existing = self.copy_target(node, parts[-1]) if is_mapping else get_child(node, parts[-1])
        if existing is ABSENT and (not add or isinstance(node, list)):
            raise self.explain_absent(word, parts)
        if is_mapping and isinstance(existing, dict):
            for key, inner in value.items():
                self.put(word, [*parts, str(key)], inner, add=add)
        else:
            assign(node, parts[-1], value)

    def copy_target(self, node: Any, part: str) -> Any:
        """Return the child under a part of a key; a reference is first replaced by its target."""
        inner = get_child(node, part)
        if isinstance(inner, str) and references.REFERENCE.fullmatch(inner):
            # A copy: an override below this key must not change the target as well.
            inner = assign(node, part, deepcopy(Lookup(self.tree).target(inner)))
        return inner

    def delete(self, word: str, key: str, value: Any) -> None:
        """Remove a key; with a value, only if it has this one."""
        parts = references.split_key(key)
        node: Any = self.tree
        for part in parts[:-1]:
            node = self.copy_target(node, part)
        existing = get_child(node, parts[-1])
        if existing is ABSENT:
            suggestion = suggestions.hint(key, list_names(self.tree, lists=False))
            raise RequestError(Problem(word, f"there is no {key} to remove{suggestion}"))
        if value is not None and value != existing:
            raise RequestError(Problem(word, f"the value of {key} is {existing}, and not {value}"))
        del node[as_index(node, parts[-1])]
        self.mark_replaced([key])

    def explain_absent(self, word: str, parts: Sequence[str]) -> RequestError:
        """Return the error that there is no such key."""
        key = ".".join(parts)
        if isinstance(Lookup(self.tree).find(".".join(parts[:-1])), list):
            return RequestError(Problem(word, suggestions.explain_position(key)))
        names = list_names(self.tree, lists=False)
        what = suggestions.explain_absent(key, key, word, names, self.tree)
        return RequestError(Problem(word, what))


def parse_override(word: str) -> Override:
    """Parse one override with Hydra's grammar."""
    try:
        return OverridesParser.create().parse_override(word)
    except HydraException as error:
        raise RequestError(explanations.explain_composition(word, error, [])) from error


def replaced_keys(value: Any, key: str) -> Iterator[str]:
    """Yield the keys that a value replaces: mappings are merged, anything else replaces a key."""
    for name, inner in leaves(value, key, lists=False):
        if not isinstance(inner, dict):  # an empty mapping, which adds nothing
            yield name


def assign(node: Any, part: str, value: Any) -> Any:
    """Set the value under a part of a key, and return it."""
    node[as_index(node, part)] = value
    return value


def as_index(node: Any, part: str) -> Any:
    """Return a part of a key as a list or a mapping has it: an integer, where it is one."""
    if isinstance(node, list):
        return int(part)
    is_integer_key = part not in node and part.isdecimal() and int(part) in node
    return int(part) if is_integer_key else part
