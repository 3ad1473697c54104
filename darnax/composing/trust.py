"""What may run code or look things up is said on the command line, by the person: a file may ask for it and is refused.

So a configuration that came with a run folder or from the web can be trained, resumed and evaluated without being read first.
"""

import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from darnax.composing import references
from darnax.errors import Problem, RequestError

HYDRAS = ("defaults", "hydra")  # keys with which Hydra would read other files and make objects


def trusted_packages(overrides: Sequence[str]) -> frozenset[str]:
    """Return the packages that `trust=[…]` names among the words of a command line.

    Example:
        >>> sorted(granted(["seed=3", "trust=[mylab,yours]"]))
        ['mylab', 'yours']
    """
    values = (o.partition("=")[2] for o in overrides if o.lstrip("+").startswith("trust="))
    return frozenset(word for value in values for word in re.findall(r"\w+", value))


def split_trust(overrides: Sequence[str]) -> tuple[frozenset[str], list[str]]:
    """Part the packages that a command line trusts from the rest of its words.

    Example:
        >>> parted(["seed=3", "trust=[mylab]"])
        (frozenset({'mylab'}), ['seed=3'])
    """
    rest = [word for word in overrides if not word.lstrip("+").startswith("trust=")]
    return trusted_packages(overrides), rest


def trust_option(packages: Collection[str]) -> str:
    """Return what has to be added to a command that goes on with a run.

    Example:
        >>> repeated(["mylab"]), repeated([])
        (" 'trust=[mylab]'", '')
    """
    names = ",".join(sorted(packages))
    return " " + shlex.quote(f"trust=[{names}]") if names else ""


def require_granted(config: Mapping[str, Any], packages: Collection[str]) -> None:
    """Raise RequestError where a configuration would trust more packages than the command line does."""
    asked = config.get("trust")
    if more := set(map(str, asked if isinstance(asked, list) else ())) - set(packages):
        names = ", ".join(sorted(more))
        what = f"the configuration asks to run code of {names}; if you trust it, say so on the command line:{trust_option(more)}"
        raise RequestError(Problem("trust", what))


def require_plain(config: Mapping[str, Any], file: Path) -> None:
    """Raise RequestError unless plain values of a file are a configuration: nothing in it leads anywhere else."""
    problems = [
        Problem(
            str(file),
            f"has the key {key}, which is Hydra's; take it away, and choose on the command line instead",
        )
        for key in HYDRAS
        if key in config
    ]
    problems += [
        Problem(key, "YAML reads on, off, yes, no and null as values; put the key in quotes")
        for key in wrong_keys(config)
    ]
    problems += [
        Problem(
            name,
            f"got {text}; a file cannot look anything up, write the value, or give it on the command line",
        )
        for name, text in text_leaves(config)
        if "${" in text and not references.is_plain(text)
    ]
    if problems:
        raise RequestError(*problems[: references.MOST])


def wrong_keys(node: Any, name: str = "") -> Iterator[str]:
    """Yield the dotted names of keys that are neither a text nor a whole number."""
    for key, child in (
        node.items()
        if isinstance(node, Mapping)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    ):
        below = f"{name}.{key}" if name else str(key)
        if isinstance(key, bool) or not isinstance(key, str | int):
            yield below
        yield from wrong_keys(child, below)


def text_leaves(node: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the dotted name and the words of every leaf that is a text."""
    items = (
        node.items()
        if isinstance(node, Mapping)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, child in items:
        yield from text_leaves(child, f"{name}.{key}" if name else str(key))
    if isinstance(node, str):
        yield name, node
