"""Trust is granted on the command line alone: a file may ask to run code, and is refused.

So a configuration from a run folder or the web can be trained, resumed and evaluated without being
read first.
"""

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from darnax.composing import references
from darnax.errors import Problem, RequestError
from darnax.trees import join_key, list_children, walk

HYDRAS = ("defaults", "hydra")  # keys with which Hydra would read other files or make objects


def trusted_packages(overrides: Sequence[str]) -> frozenset[str]:
    """Return the packages that `trust=[…]` names on a command line.

    Example:
        >>> sorted(trusted_packages(["seed=3", "trust=[mylab,yours]"]))
        ['mylab', 'yours']
    """
    found: set[str] = set()
    for word in overrides:
        if word.lstrip("+").startswith("trust="):
            found.update(re.findall(r"\w+", word.partition("=")[2]))
    return frozenset(found)


def split_trust(overrides: Sequence[str]) -> tuple[frozenset[str], list[str]]:
    """Split a command line into the packages that it trusts and its other overrides.

    Example:
        >>> split_trust(["seed=3", "trust=[mylab]"])
        (frozenset({'mylab'}), ['seed=3'])
    """
    rest = [word for word in overrides if not word.lstrip("+").startswith("trust=")]
    return trusted_packages(overrides), rest


def add_trust(overrides: Iterable[str], packages: Collection[str]) -> list[str]:
    """Return overrides that trust packages, unless they say themselves which they trust.

    Example:
        >>> add_trust(["data.batch_size=5"], {"mylab"}), add_trust(["trust=[yours]"], {"mylab"})
        (['data.batch_size=5', 'trust=[mylab]'], ['trust=[yours]'])
    """
    completed = list(overrides)
    if packages and not trusted_packages(completed):
        completed.append(f"trust=[{','.join(sorted(packages))}]")
    return completed


def trust_option(packages: Collection[str]) -> str:
    """Return the option that a command needs to trust packages, with a leading space.

    Example:
        >>> trust_option(["mylab"]), trust_option([])
        (" 'trust=[mylab]'", '')
    """
    names = ",".join(sorted(packages))
    return " " + shlex.quote(f"trust=[{names}]") if names else ""


def require_granted(config: Mapping[str, Any], packages: Collection[str]) -> None:
    """Raise RequestError if a configuration trusts more packages than the command line does."""
    asked = config.get("trust")
    untrusted = set(map(str, asked if isinstance(asked, list) else ())) - set(packages)
    if untrusted:
        what = f"the configuration asks to run code of {', '.join(sorted(untrusted))}; "
        what += f"if you trust it, say so on the command line:{trust_option(untrusted)}, "
        what += f"or in Python: trust={sorted(untrusted)}"
        raise RequestError(Problem("trust", what))


def require_plain(config: Mapping[str, Any], file: Path) -> None:
    """Raise RequestError if the values of a file read, look up or make anything else."""
    problems = []
    for key in HYDRAS:
        if key in config:
            what = f"has the key {key}, which is Hydra's; remove it, and give overrides instead"
            problems.append(Problem(str(file), what))
    for key in find_invalid_keys(config):
        what = "YAML reads on, off, yes, no and null as values; put the key in quotes"
        problems.append(Problem(key, what))
    for name, text in references.interpolations(config):
        if not references.is_plain(text):
            what = f"got {text}; a file cannot look anything up, write the value, or give it on "
            problems.append(Problem(name, f"{what}the command line"))
    if problems:
        raise RequestError(*problems[: references.MOST])


def find_invalid_keys(node: Any) -> Iterator[str]:
    """Yield the dotted names of keys that are neither texts nor integers."""
    for above, parent in walk(node):
        for key, _ in list_children(parent):
            if isinstance(key, bool) or not isinstance(key, str | int):
                yield join_key(above, key)
