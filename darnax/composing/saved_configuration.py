"""A configuration that was saved, by a run or by anybody: plain values from one file, and from nowhere else.

A run folder holds `composed.yaml`, what was composed, beside `config.yaml`, what it came to. Overrides act on the first, so
that everything follows which was given as a reference. Where there is no such file, or where config.yaml was edited, an
override of a value that others were derived from is refused: config.yaml says what each value was
derived from. One of an earlier version does not; the references of the files of configurations are
looked at instead.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from darnax.bounded_yaml import load_plain
from darnax.composing import config_folders, references, trust
from darnax.composing.composition import Composed
from darnax.composing.derivations import is_computed, require_fresh
from darnax.composing.plain_overrides import Changes
from darnax.composing.references import ABSENT, find
from darnax.errors import Problem, RequestError, first_line
from darnax.files import read_text
from darnax.reports.configuration import COMPUTED, without_computed

COMPOSED = "composed.yaml"


def read_saved(file: Path) -> Composed:
    """Return the configuration that a file holds.

    Raises:
        RequestError: it is not a configuration of plain values and of references between them.
    """
    here = composed_in(file)
    beside = composed_beside(file)
    if beside is not None and repr(beside.resolved) == repr(here.resolved):
        return beside
    noted = ((key, keys) for key, keys in here.computed_from.items() if not follows(here.tree, key))
    derived = {key: list(keys) for key, keys in noted} or dict(known_derivations(here))
    found = {**derived_in(beside.tree, here), **beside.computed_from} if beside else {}
    for key, keys in found.items():
        derived[key] = list(dict.fromkeys([*derived.get(key, []), *keys]))
    return Composed(here.resolved, here.tree, derived)


def apply_overrides(
    before: Composed,
    words: Sequence[str],
    is_group: Callable[[str], bool],
    *,
    fresh: bool = True,
    here: Mapping[str, Any] | None = None,
) -> Composed:
    """Return a configuration after overrides.

    Args:
        before: the configuration.
        words: the overrides.
        is_group: whether a key is a folder of configurations, of which a value chooses a file.
        fresh: whether one is refused that would leave a value behind which was made of others.
        here: key -> value of this machine; the overrides come after them.
    """
    changes = Changes(before, is_group)
    for key, value in (here or {}).items():
        changes.give(key, value)
    changes.apply(words)
    after = Composed(references.resolve(changes.tree), changes.tree, changes.computed_from)
    if fresh:
        require_fresh(before, after, changes.touched)
    return after


def of_point(config: Mapping[str, Any], composed: Mapping[str, Any]) -> Composed:
    """Return the configuration of a point of a recorded sweep.

    What it was composed from counts where it comes to the configuration, which was looked over.
    """
    tree = dict(without_computed(composed))
    try:
        if tree and repr(references.resolve(tree)) == repr(config):
            return Composed(dict(config), tree, composed.get(COMPUTED, {}))
    except RequestError:
        pass
    return Composed(dict(config), dict(config))


def composed_beside(file: Path) -> Composed | None:
    """Return what the run of a config.yaml has composed; None where there is none that can be used."""
    other = file.with_name(COMPOSED)
    if file.name != "config.yaml" or other.is_symlink() or not other.is_file():
        return None
    try:
        return composed_in(other)
    except RequestError:
        return None


def composed_in(file: Path) -> Composed:
    """Return what one file holds, alone."""
    tree = mapping_in(file)
    computed = tree.pop(COMPUTED, {})
    if not is_computed(computed):
        what = f"{COMPUTED} holds no lists of keys; take it away, and give every value that was computed"
        raise RequestError(Problem(str(file), what))
    trust.require_plain(tree, file)
    tree = references.all_absolute(tree)
    return Composed(references.resolve(tree), tree, computed)


def mapping_in(file: Path) -> dict[str, Any]:
    """Return the plain values of a file."""
    try:
        tree = load_plain(read_text(file))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else first_line(error)
        what = f"is no readable YAML ({reason}); give the config.yaml of a run folder"
        raise RequestError(Problem(str(file), what)) from error
    if not isinstance(tree, dict) or not tree:
        raise RequestError(
            Problem(str(file), "holds no names with values; give the config.yaml of a run folder")
        )
    return tree


def known_derivations(here: Composed) -> Iterator[tuple[str, list[str]]]:
    """Yield key -> keys for every value that is what a file of the configurations derives from others."""
    known = known_references(tuple(config_folders.config_folders()))
    name, others = str(here.resolved.get("name")), {each.experiment for each in known} - {""}
    for each in known:
        elsewhere = each.experiment and each.experiment != name and name in others
        if not elsewhere and derives(here, each.key, each.text):
            yield each.key, references.named_in(each.text)


def derived_in(tree: Mapping[str, Any], here: Composed) -> dict[str, list[str]]:
    """Return key -> keys for every value of `here` that is what the references of another configuration make of it."""
    texts = {
        key: text for key, text in references.leaves(tree) if isinstance(text, str) and "${" in text
    }
    return {
        key: references.named_in(text) for key, text in texts.items() if derives(here, key, text)
    }


def derives(here: Composed, key: str, text: str) -> bool:
    """Return whether a plain value stands at a key, and is what a text with references comes to."""
    if find(here.tree, key) is ABSENT or follows(here.tree, key):
        return False
    found = {name: find(here.resolved, name) for name in references.named_in(text)}
    if any(value is ABSENT for value in found.values()):
        return False
    whole = references.REFERENCE.fullmatch(text)
    value = (
        found[whole[1]]
        if whole
        else references.REFERENCE.sub(lambda match: str(found[match[1]]), text)
    )
    return repr(value) == repr(find(here.resolved, key))


def follows(tree: Mapping[str, Any], key: str) -> bool:
    """Return whether a reference stands at a key, so that the value follows by itself."""
    there = find(tree, key)
    return isinstance(there, str) and "${" in there


class Known(NamedTuple):
    """A reference in a file of the configurations, and the experiment that the file belongs to; "" for other files."""

    experiment: str
    key: str
    text: str


@cache
def known_references(directories: tuple[Path, ...]) -> tuple[Known, ...]:
    """Return every reference in the files of some folders of configurations; a file without any counts with its name."""
    found: dict[Known, None] = {}
    for directory in directories:
        for file in sorted(directory.rglob("*.yaml")):
            group = file.relative_to(directory).parent.parts
            if group[:1] != ("hydra",):
                found |= dict.fromkeys(references_in(file, group))
    return tuple(found)


def references_in(file: Path, group: Sequence[str]) -> Iterator[Known]:
    """Yield every reference in a file of a group."""
    try:
        text = read_text(file)
        tree = load_plain(text)
    except (OSError, ValueError):  # it is read when it is composed, and explained then
        return
    experiment = (
        str(tree.get("name", ""))
        if group[:1] in ((), ("experiment",)) and isinstance(tree, dict)
        else ""
    )
    yield Known(experiment, "", "")
    prefix = ".".join(config_folders.package(text, group))
    for name, leaf in references.leaves(tree):
        key = f"{prefix}.{name}" if prefix else name
        if isinstance(leaf, str) and "${" in leaf and references.is_plain(leaf):
            yield Known(experiment, key, references.absolute(leaf, key))
