"""Explains values of a configuration that cannot be resolved, and keys that YAML misread."""

from collections.abc import Iterable, Iterator
from typing import Any

from omegaconf import Container, DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from darnax.composing.key_names import value_names
from darnax.composing.suggestions import hint
from darnax.errors import Problem, first_line


def explain_unresolved(config: DictConfig) -> list[Problem]:
    """Explain every value that refers to something absent, or that has no value yet."""
    known = value_names(config)
    problems = []
    for key, error in find_failures(config, ""):
        # A value that refers to one without a value needs no sentence of its own.
        if not first_line(str(error)).startswith("MissingMandatoryValue while resolving"):
            problems.append(Problem(key, explain_gap(key, error, known)))
    return problems


def find_keys_read_as_booleans(config: DictConfig) -> list[Problem]:
    """Find the keys that YAML read as true or false instead of a word."""
    what = "YAML reads on, off, yes and no as true and false; put the key in quotes"
    booleans = ("True", "False")
    names = value_names(config)
    return [Problem(name, what) for name in names if name.rpartition(".")[2] in booleans]


def explain_gap(key: str, error: OmegaConfBaseException, known: list[str]) -> str:
    """Return what one unresolved value lacks."""
    text = first_line(str(error))
    if text.startswith("Missing mandatory value"):
        return f"has no value yet (???); give it one, with {key}=…"
    if text.startswith("Interpolation key"):
        absent = text.split("'")[1]
        return f"refers to ${{{absent}}}, which does not exist{hint(absent, known)}"
    return text


def find_failures(node: Container, prefix: str) -> Iterator[tuple[str, OmegaConfBaseException]]:
    """Yield the values that cannot be resolved, with their names.

    It walks the containers of OmegaConf, where reading a child resolves it.
    """
    keys: Iterable[Any]
    if isinstance(node, ListConfig):
        keys = range(len(node))
    else:
        keys = list(node.keys())  # type: ignore[attr-defined]
    for key in keys:
        name = f"{prefix}{key}"
        try:
            if OmegaConf.is_missing(node, key):
                OmegaConf.select(node, str(key), throw_on_missing=True)
            child = node[key]
        except OmegaConfBaseException as error:
            yield name, error
        else:
            if isinstance(child, Container) and not OmegaConf.is_interpolation(node, key):
                yield from find_failures(child, f"{name}.")
