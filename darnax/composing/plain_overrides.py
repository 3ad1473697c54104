"""Overrides of a saved configuration: Hydra's grammar, applied to plain values; no file is looked for."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from darnax.composing import explanations, references
from darnax.composing.composition import Composed, keep_references
from darnax.composing.derivations import Keys
from darnax.composing.references import ABSENT, Lookup, child
from darnax.errors import Problem, RequestError, first_line

FILES = (
    "chooses a file, and a saved configuration is complete; change single values of it: key=value"
)


class Changes:
    """A configuration that is being changed.

    Args:
        before: what it is; it stays as it is.
        is_group: whether a key is a folder of configurations, of which a value chooses a file.
    """

    def __init__(self, before: Composed, is_group: Callable[[str], bool]) -> None:
        self.tree: dict[str, Any] = deepcopy(before.tree)
        self.computed_from = dict(before.computed_from)
        self.touched: list[str] = []
        self.is_group = is_group

    def apply(self, words: Sequence[str]) -> None:
        """Apply overrides in their order; RequestError explains every one that does not fit."""
        problems: list[Problem] = []
        for word in words:
            try:
                self.change(parsed(word))
            except RequestError as error:
                problems += error.problems
        if problems:
            raise RequestError(*problems)

    def give(self, key: str, value: Any) -> None:
        """Set one value, whatever it was."""
        self.replace([key])
        self.put(key, references.split(key), value, add=True)

    def change(self, override: Override) -> None:
        """Apply one override."""
        word, key, value = str(override.input_line), override.key_or_group, override.value()
        if override.is_sweep_override():
            what = f"has several values; sweep over them with -m, or write a list as {key}=[…]"
            raise RequestError(Problem(word, what))
        if "/" in key or override.package is not None or self.chooses(override, value):
            raise RequestError(Problem(word, FILES))
        if override.is_delete():
            self.delete(word, key, value)
            return
        value = self.evaluated(word, key, value)
        there = Lookup(self.tree).find(key)
        if override.is_add() and there not in (ABSENT, None) and not isinstance(value, dict | list):
            raise RequestError(
                Problem(word, f"{key} is there already; change it with {word.lstrip('+')}")
            )
        self.put(
            word, references.split(key), value, add=override.is_add() or override.is_force_add()
        )

    def chooses(self, override: Override, value: Any) -> bool:
        """Return whether an override chooses a file of a group."""
        return (
            not override.is_delete()
            and self.is_group(override.key_or_group)
            and not isinstance(value, dict)
        )

    def evaluated(self, word: str, key: str, value: Any) -> Any:
        """Return the value of an override with references kept, and what a resolver is to look up looked up."""
        texts = [
            text for _, text in references.leaves(value) if isinstance(text, str) and "${" in text
        ]
        self.replace(given(value, key))
        if all(map(references.is_plain, texts)):
            return references.all_absolute(value, key)
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

    def replace(self, keys: Iterable[str]) -> None:
        """Note that values are given or taken away: they are not made of others any more."""
        known = Keys(keys)
        self.touched += known.exact
        made = self.computed_from.items()
        self.computed_from = {name: found for name, found in made if not known.cover(name)}

    def put(self, word: str, parts: Sequence[str], value: Any, *, add: bool) -> None:
        """Set a value; a reference on the way to it is replaced by a copy of what it refers to."""
        node: Any = self.tree
        for depth, part in enumerate(parts[:-1], 1):
            inner = self.own(node, part)
            if not isinstance(inner, dict | list):
                if not add or (isinstance(node, list) and inner is ABSENT):
                    raise self.absent(
                        word, parts[:depth] if inner is ABSENT else parts[: depth + 1]
                    )
                inner = assign(node, part, {})
            node = inner
        here = self.own(node, parts[-1]) if isinstance(value, dict) else child(node, parts[-1])
        if here is ABSENT and (not add or isinstance(node, list)):
            raise self.absent(word, parts)
        if isinstance(here, dict) and isinstance(value, dict):
            for key, inner in value.items():
                self.put(word, [*parts, str(key)], inner, add=add)
        else:
            assign(node, parts[-1], value)

    def own(self, node: Any, part: str) -> Any:
        """Return what stands under a part of a key; a reference is replaced by a copy first."""
        inner = child(node, part)
        if isinstance(inner, str) and references.REFERENCE.fullmatch(inner):
            inner = assign(node, part, deepcopy(Lookup(self.tree).target(inner)))
        return inner

    def delete(self, word: str, key: str, value: Any) -> None:
        """Take a key away; with a value, only if it has this one."""
        parts = references.split(key)
        node: Any = self.tree
        for part in parts[:-1]:
            node = self.own(node, part)
        there = child(node, parts[-1])
        known = list(explanations.walk(self.tree, ""))
        if there is ABSENT:
            raise RequestError(
                Problem(word, f"there is no {key} to take away{explanations.hint(key, known)}")
            )
        if value is not None and value != there:
            raise RequestError(Problem(word, f"the value of {key} is {there}, and not {value}"))
        del node[int(parts[-1]) if isinstance(node, list) else name_in(node, parts[-1])]
        self.replace([key])

    def absent(self, word: str, parts: Sequence[str]) -> RequestError:
        """Explain that there is no such key."""
        key = ".".join(parts)
        known = explanations.hint(key, explanations.walk(self.tree, ""))
        return RequestError(Problem(word, f"there is no {key}{known}; {explanations.EVERY_NAME}"))


def parsed(word: str) -> Override:
    """Read one override by Hydra's grammar."""
    try:
        return OverridesParser.create().parse_override(word)
    except HydraException as error:
        raise RequestError(explanations.explain_composition(word, error, [])) from error


def given(value: Any, key: str) -> Iterator[str]:
    """Yield the keys that a value of a key replaces: mappings are merged, everything else is replaced as a whole."""
    if not isinstance(value, dict):
        yield key
        return
    for name, inner in value.items():
        yield from given(inner, f"{key}.{name}")


def assign(node: Any, part: str, value: Any) -> Any:
    """Put a value under a part of a key, and return it."""
    node[int(part) if isinstance(node, list) else name_in(node, part)] = value
    return value


def name_in(node: dict[Any, Any], part: str) -> Any:
    """Return a part of a key as the mapping has it: as a number, where it does."""
    return int(part) if part not in node and part.isdecimal() and int(part) in node else part
