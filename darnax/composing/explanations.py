"""What Hydra and OmegaConf say about a configuration, in words that name the mistake and the way out."""

from collections.abc import Iterable, Iterator
from typing import Any

from omegaconf import Container, DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from darnax.composing import sweep_settings
from darnax.errors import Problem
from darnax.near import near

EVERY_NAME = "`darnax train --cfg job` shows every name"


def explain_composition(override: str, error: Exception, names: list[str]) -> Problem:
    """Explain one override (for "": the files themselves) that Hydra refused; `names` are what it could have meant."""
    if mark := getattr(error, "problem_mark", None):
        return Problem(
            f"{mark.name}:{mark.line + 1}", f"is no valid YAML: {getattr(error, 'problem', error)}"
        )
    if getattr(error, "options", None) is not None:
        return explain_missing_file(override, error)
    return Problem(
        override or "configs/config.yaml",
        explain_message(override, str(error), error.__cause__, names),
    )


def explain_message(override: str, text: str, cause: BaseException | None, names: list[str]) -> str:
    """Say what is wrong with an override, from the message of Hydra about it."""
    key, equals, value = override.lstrip("+~").partition("=")
    if not override:
        return first_line(text if text.strip() else str(cause))
    if not equals and "missing EQUAL" in text:
        return f"is no override; write {key}=value, and put a value with spaces in quotes"
    if not key:
        return "is no override; write key=value"
    if text.startswith(("Ambiguous value", "Sweep parameters")):
        return f"has several values; sweep over them with -m, or write a list as {key}=[…]"
    if text.startswith("Sweeping over Hydra's configuration"):
        return f"got several values, expected one: {key} holds for the whole sweep"
    if text.startswith("Could not override"):
        absent = getattr(cause, "full_key", None) or key
        if unchosen := belongs_to_another(key):
            return unchosen
        return f"there is no {absent}{hint(str(absent), names)}; {EVERY_NAME}"
    if text.startswith("Could not delete"):
        if key in names:
            return f"{key} is null, and only what has a value can be taken away; give it one first: {key}=0 ~{key}"
        return f"there is no {key} to take away{hint(key, names)}"
    if text.startswith("Could not append"):
        return f"{key} is there already; change it with {key}={value}"
    if "appears more than once" in text or text.startswith("Multiple values"):
        return f"{key} was chosen before; choose it once"
    if "must be a string or a list" in text:
        return f"{key} is a folder of configurations; give the name of one of its files"
    if text.startswith(
        (
            "LexerNoViable",
            "no viable",
            "mismatched",
            "extraneous",
            "token recognition",
            "Error parsing",
        )
    ):
        return "cannot be read; put a value with brackets, spaces, = or commas in quotes: 'name=\"a b\"'"
    return first_line(
        str(cause) if cause and (not text.strip() or text.startswith("Error merging")) else text
    )


def belongs_to_another(key: str) -> str:
    """Say what to choose first for a setting that the chosen sweeper or launcher does not have."""
    part, _, name = key.removeprefix("hydra.").partition(".")
    if part == "sweeper" and name.partition(".")[0] in sweep_settings.SEARCH:
        return "is a setting of a search, and this is a grid; choose hydra/sweeper=optuna first"
    settings = dict(sweep_settings.NUMBERS)
    for launcher, words in sweep_settings.NAMES.items():
        settings[launcher] += f" {words}"
    having = [launcher for launcher, names in settings.items() if name in names.split()]
    if part == "launcher" and having:
        return (
            f"is a setting of another launcher; choose hydra/launcher={' or '.join(having)} first"
        )
    return ""


def explain_missing_file(override: str, error: Exception) -> Problem:
    """Explain a choice in a group, on the command line or in a defaults list, for which there is no file."""
    group, _, name = str(getattr(error, "missing_cfg_file", "")).rpartition("/")
    options: list[str] = list(getattr(error, "options", None) or [])
    parent = first_line(str(error)).removeprefix("In '").partition("'")[0]
    where = (
        override
        if override and (override.endswith(f"={name}") or parent == "config")
        else f"{parent}.yaml"
    )
    way_out = (
        "`darnax list` shows the experiments"
        if group == "experiment"
        else f"there are: {', '.join(options) or 'none'}"
    )
    return Problem(where, f"there is no {name} in {group}/{hint(name, options)}; {way_out}")


def explain_unresolved(config: DictConfig) -> list[Problem]:
    """Explain every value that refers to something absent, or that has still to be given."""
    known = names(config)
    return [Problem(key, explain_gap(error, known)) for key, error in find_failures(config, "")]


def find_keys_read_as_booleans(config: DictConfig) -> list[Problem]:
    """Find the keys that YAML read as true or false where a word was meant."""
    wrong = [name for name in names(config) if name.rpartition(".")[2] in ("True", "False")]
    return [
        Problem(name, "YAML reads on, off, yes and no as true and false; put the key in quotes")
        for name in wrong
    ]


def explain_gap(error: OmegaConfBaseException, known: list[str]) -> str:
    """Say what one unresolved value lacks."""
    text = first_line(str(error))
    if text.startswith("Missing mandatory value"):
        return "has no value yet (???); give it one"
    if text.startswith("Interpolation key"):
        absent = text.split("'")[1]
        return f"refers to ${{{absent}}}, which does not exist{hint(absent, known)}"
    return text


def find_failures(node: Container, prefix: str) -> Iterator[tuple[str, OmegaConfBaseException]]:
    """Walk the configuration and yield the values that cannot be resolved, with their names."""
    for key in range(len(node)) if isinstance(node, ListConfig) else list(node.keys()):  # type: ignore[attr-defined]
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


def names(config: DictConfig) -> list[str]:
    """List every dotted name of the configuration, Hydra's own left out."""
    return [
        name for name in walk(OmegaConf.to_container(config), "") if not name.startswith("hydra")
    ]


def walk(tree: Any, prefix: str) -> Iterator[str]:
    """Yield the dotted names of a tree of dictionaries."""
    for key, child in tree.items() if isinstance(tree, dict) else ():
        yield f"{prefix}{key}"
        yield from walk(child, f"{prefix}{key}.")


def hint(word: str, known: Iterable[str]) -> str:
    """Ask for the nearest known names: near as a whole, or equal in the last part."""
    known = list(known)
    found = near(word, known, 2, 0.75)
    last = word.rpartition(".")[2]
    found += [name for name in known if name.rpartition(".")[2] == last and name not in found]
    found = found or near(word, known, 2, 0.5)
    return f" (did you mean {' or '.join(found[:3])}?)" if found else ""


def first_line(text: str) -> str:
    """Return the first line of a message that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), text)
