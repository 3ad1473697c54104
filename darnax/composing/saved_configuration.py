"""A saved configuration, of a run or of any other origin: plain values from one file.

A run folder contains `composed.yaml`, with references, beside `config.yaml`, the resolved values.
Overrides are applied to the former, so that all values follow that were given as references.
If there is no such file, or config.yaml was edited, an override of a value that others were derived
from is refused: config.yaml notes what each value was derived from. That of an earlier version does
not; the references in the files of configurations are used instead.
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
from darnax.files import is_folder, read_text
from darnax.reports.configuration import COMPUTED, without_computed
from darnax.trees import join_key, leaves

COMPOSED = "composed.yaml"


def read_saved(file: Path) -> Composed:
    """Read the configuration in a file.

    Raises:
        RequestError: it is not a configuration of plain values and of references between them.
    """
    here = read_composed(file)
    beside = read_composed_beside(file)
    # Compared as text, because 1, 1.0 and True are equal in Python. Where the two differ,
    # config.yaml was edited, and the references beside it are not its own.
    if beside is not None and repr(beside.resolved) == repr(here.resolved):
        return beside
    derived = {}
    for key, keys in here.computed_from.items():
        if not is_reference(here.tree, key):
            derived[key] = list(keys)
    derived = derived or dict(find_known_derivations(here))
    found = {**find_derived(beside.tree, here), **beside.computed_from} if beside else {}
    for key, keys in found.items():
        derived[key] = list(dict.fromkeys([*derived.get(key, []), *keys]))
    return Composed(here.resolved, here.tree, derived)


def apply_overrides(
    before: Composed,
    overrides: Sequence[str],
    is_group: Callable[[str], bool],
    *,
    fresh: bool = True,
    here: Mapping[str, Any] | None = None,
) -> Composed:
    """Return a configuration after overrides.

    Args:
        before: the configuration.
        overrides: as on the command line.
        is_group: whether a key is a folder of configurations, of which a value chooses a file.
        fresh: whether an override is refused that makes a value outdated.
        here: key -> value of this machine; the overrides are applied after them.
    """
    changes = Changes(before, is_group)
    for key, value in (here or {}).items():
        changes.set_value(key, value)
    changes.apply(overrides)
    after = Composed(references.resolve(changes.tree), changes.tree, changes.computed_from)
    if fresh:
        require_fresh(before, after, changes.touched)
    return after


def from_recorded_point(config: Mapping[str, Any], composed: Mapping[str, Any]) -> Composed:
    """Return the configuration of a point of a recorded sweep.

    Its references are used if they resolve to the configuration, which has been validated.
    """
    tree = dict(without_computed(composed))
    try:
        if tree and repr(references.resolve(tree)) == repr(config):
            return Composed(dict(config), tree, composed.get(COMPUTED, {}))
    except RequestError:
        pass
    return Composed(dict(config), dict(config))


def read_composed_beside(file: Path) -> Composed | None:
    """Read the composed.yaml beside a config.yaml; None if it is missing or unusable."""
    other = file.with_name(COMPOSED)
    if file.name != "config.yaml" or other.is_symlink() or not other.is_file():
        return None
    try:
        return read_composed(other)
    except RequestError:
        return None


def read_composed(file: Path) -> Composed:
    """Read the configuration in one file, whatever is beside it."""
    tree = read_mapping(file)
    computed = tree.pop(COMPUTED, {})
    if not is_computed(computed):
        what = f"{COMPUTED} has no lists of keys; remove it, and give every computed value"
        raise RequestError(Problem(str(file), what))
    trust.require_plain(tree, file)
    tree = references.make_all_absolute(tree)
    return Composed(references.resolve(tree), tree, computed)


def read_mapping(file: Path) -> dict[str, Any]:
    """Read the plain values of a file."""
    if is_folder(file):
        what = f"is a folder, expected a file of YAML; give {file / 'config.yaml'}"
        raise RequestError(Problem(str(file), what))
    try:
        tree = load_plain(read_text(file))
    except FileNotFoundError as error:
        what = "does not exist; give the config.yaml of a run folder"
        raise RequestError(Problem(str(file), what)) from error
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else first_line(error)
        what = f"is not readable YAML ({reason}); give the config.yaml of a run folder"
        raise RequestError(Problem(str(file), what)) from error
    if not isinstance(tree, dict) or not tree:
        what = "got no names with values; give the config.yaml of a run folder"
        raise RequestError(Problem(str(file), what))
    return tree


def find_known_derivations(here: Composed) -> Iterator[tuple[str, list[str]]]:
    """Yield key -> keys for every value that equals what a file of configurations derives."""
    known = list_known_references(tuple(config_folders.config_folders()))
    name = str(here.resolved.get("name"))
    is_experiment = name in {each.experiment for each in known} - {""}
    for each in known:
        # The files of other experiments do not apply to one that is known.
        is_of_another = is_experiment and each.experiment not in ("", name)
        if not is_of_another and is_derived(here, each.key, each.text):
            yield each.key, references.find_references(each.text)


def find_derived(tree: Mapping[str, Any], here: Composed) -> dict[str, list[str]]:
    """Return key -> keys for every value of `here` that the references in a tree resolve to."""
    found = {}
    for key, text in references.interpolations(tree):
        if is_derived(here, key, text):
            found[key] = references.find_references(text)
    return found


def is_derived(here: Composed, key: str, text: str) -> bool:
    """Return whether the value of a key is a plain one, and equals a text with references."""
    if find(here.tree, key) is ABSENT or is_reference(here.tree, key):
        return False
    found = {name: find(here.resolved, name) for name in references.find_references(text)}
    if any(value is ABSENT for value in found.values()):
        return False
    whole = references.REFERENCE.fullmatch(text)
    if whole:
        value = found[whole[1]]
    else:
        value = references.REFERENCE.sub(lambda match: str(found[match[1]]), text)
    return repr(value) == repr(find(here.resolved, key))


def is_reference(tree: Mapping[str, Any], key: str) -> bool:
    """Return whether the value of a key contains a reference, and so follows others by itself."""
    parts = [value for _, value in leaves(find(tree, key))]
    return any(isinstance(part, str) and "${" in part for part in parts)


class Known(NamedTuple):
    """A reference in a file of configurations; `experiment` is "" if the file is not of one."""

    experiment: str
    key: str
    text: str


@cache
def list_known_references(directories: tuple[Path, ...]) -> tuple[Known, ...]:
    """Return every reference in the files of some folders, and one empty entry for each file."""
    found: dict[Known, None] = {}
    for directory in directories:
        for file in sorted(directory.rglob("*.yaml")):
            group = file.relative_to(directory).parent.parts
            if group[:1] != ("hydra",):
                found |= dict.fromkeys(read_references(file, group))
    return tuple(found)


def read_references(file: Path, group: Sequence[str]) -> Iterator[Known]:
    """Yield every reference in a file of a group, after an empty entry for the file."""
    try:
        text = read_text(file)
        tree = load_plain(text)
    except (OSError, ValueError):  # composing will read it, and explain the error
        return
    is_experiment = group[:1] in ((), ("experiment",)) and isinstance(tree, dict)
    experiment = str(tree.get("name", "")) if is_experiment else ""
    yield Known(experiment, "", "")
    prefix = ".".join(config_folders.find_package(text, group))
    for name, leaf in references.interpolations(tree):
        if references.is_plain(leaf):
            key = join_key(prefix, name)
            yield Known(experiment, key, references.make_absolute(leaf, key))
