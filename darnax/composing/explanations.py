"""Explains exceptions of Hydra and OmegaConf: what is wrong, and what to do."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from omegaconf import Container, DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from darnax.composing import own_files, sweep_settings
from darnax.composing.quoting import explain_unreadable
from darnax.errors import Problem, first_line
from darnax.near import near, near_key
from darnax.trees import list_names

SWEEP_PARTS = ("launcher", "sweeper")  # of Hydra's node
EVERY_NAME = "`darnax train +experiment=NAME --cfg job` shows every name that is set"
EVERY_RATE = (
    "`darnax show` lists every rate with the place where it is set, "
    "such as optimizer.groups.w_in.learning_rate"
)
# Mappings whose names are chosen by the user, with what one element of each is called.
OPEN_MAPPINGS = {
    "model.layers": "a new layer, with its _target_,",
    "model.adapters": "a new adapter, with its _target_, from and to,",
    "model.buffers": "a new buffer",
    "dynamics.train": "a new phase",
    "dynamics.infer": "a new phase",
    "optimizer.groups": "a new group, with its _target_,",
    "data.encode": "a new stage, with its _target_,",
    "data.disturb": "a new stage",
    "observables": "a new observable, with its _target_,",
}
# Hydra's messages about the defaults list of a file.
IN_FILE = re.compile(
    r"\s*(?:In|Invalid defaults list in) '?(?P<file>[\w./-]+?)'?[:,] (?P<what>.*)", re.DOTALL
)
NO_MATCH = re.compile(r"Could not override '(?P<key>[^']+)'")
# OmegaConf's messages about a key inside of a list.
BAD_POSITION = re.compile(
    r"Index '.*' \(str\) is not an int|invalid literal for int|list index out of range"
)
# Beginnings of the messages of Hydra's parser.
SYNTAX_ERRORS = (
    "LexerNoViable",
    "no viable",
    "mismatched",
    "extraneous",
    "token recognition",
    "Error parsing",
)


def explain_composition(
    override: str, error: Exception, names: list[str], tree: Mapping[str, Any] | None = None
) -> Problem:
    """Explain one override that Hydra refused.

    Args:
        override: as it was typed; "" for the files themselves.
        error: Hydra's exception.
        names: the keys that may have been meant.
        tree: the configuration without the override.
    """
    mark = getattr(error, "problem_mark", None)
    if mark:
        what = f"is not valid YAML: {getattr(error, 'problem', error)}"
        return Problem(f"{mark.name}:{mark.line + 1}", what)
    if getattr(error, "options", None) is not None:
        return explain_missing_file(override, error)
    in_file = explain_file(str(error).strip() or str(error.__cause__), names)
    if in_file is not None:
        return in_file
    what = explain_message(override, str(error), error.__cause__, names, tree or {})
    return Problem(override or "configs/config.yaml", what)


def explain_file(text: str, names: list[str]) -> Problem | None:
    """Explain an error in the defaults list of a file; None if Hydra's message names no file."""
    found = IN_FILE.match(text)
    if found is None:
        return None
    what = first_line(found["what"])
    refused = NO_MATCH.match(what)
    if refused is not None:
        sections = sorted({name.partition(".")[0] for name in names})
        suggestion = hint(refused["key"], sections)
        what = f"overrides {refused['key']}, which is in no defaults list before it{suggestion}"
    return Problem(own_files.shown_by_name(found["file"]), what)


def explain_message(
    override: str,
    text: str,
    cause: BaseException | None,
    names: list[str],
    tree: Mapping[str, Any],
) -> str:
    """Return what is wrong with an override, given Hydra's message about it."""
    key, equals, value = override.lstrip("+~").partition("=")
    if not override:
        return first_line(text if text.strip() else str(cause))
    if not equals and "/" in key:
        return "is not an override, as key=value; a run or its config.yaml is given with --config"
    if not equals and "missing EQUAL" in text:
        return f"is not an override; write {key}=value, and put a value with spaces in quotes"
    if not key:
        return "is not an override; write key=value"
    if text.startswith(("Ambiguous value", "Sweep parameters")):
        sweep = "sweep over them (train -m, darnax.sweep)"
        return f"has several values; {sweep}, or write a list as {key}=[…]"
    if text.startswith("Sweeping over Hydra's configuration"):
        return f"got several values, expected one: {key} holds for the whole sweep"
    if text.startswith("Could not override"):
        if can_be_added(key, tree):
            return explain_addition(key, override)
        new_element = explain_new_element(key, names, override)
        if new_element is not None:
            return new_element
        absent = str(getattr(cause, "full_key", None) or key)
        is_in_value = absent.startswith(f"{key}.")  # a mapping with a key that is absent
        if is_in_value and can_be_added(absent, tree):
            return explain_addition(absent, override)
        missing_choice = explain_other_choice(key)
        suggestion = hint(key, names) or hint(absent, names)
        where = where_to_look(key, names)
        return missing_choice or f"there is no {absent}{suggestion}; {where}"
    if text.startswith("Could not delete"):
        if key not in names:
            return f"there is no {key} to remove{hint(key, names)}"
        return f"{key} is null, and null cannot be removed; give it a value first: {key}=0 ~{key}"
    if BAD_POSITION.match(text) or BAD_POSITION.match(str(cause)):
        return explain_position(key)
    if text.startswith("Could not append"):
        return f"{key} exists already; change it with {key}={value}"
    if "appears more than once" in text or text.startswith("Multiple values"):
        return f"{key} was chosen before; choose it once"
    if "must be a string or a list" in text:
        return f"{key} is a folder of configurations; give the name of one of its files"
    if text.startswith(SYNTAX_ERRORS):
        return explain_unreadable(override)
    says_nothing = not text.strip() or text.startswith("Error merging")
    return first_line(str(cause) if cause and says_nothing else text)


def explain_position(key: str) -> str:
    """Return that a list has no such position, and how a list is replaced."""
    return f"there is no {key}: a list has the positions 0, 1, …, and is replaced as a whole"


def can_be_added(key: str, tree: Mapping[str, Any]) -> bool:
    """Return whether a configuration could have a key that it lacks."""
    from darnax.builder.known_keys import is_known

    above: Any = tree
    for part in key.split(".")[:-1]:
        above = above.get(part) if isinstance(above, Mapping) else None
    return is_known(key, above)


def explain_addition(key: str, override: str) -> str:
    """Return how an override adds a key that a configuration could have, and lacks."""
    return f"there is no {key} yet; add it with +{override.lstrip('+')}"


def where_to_look(key: str, names: Iterable[str]) -> str:
    """Return what lists the keys that may have been meant, or these keys themselves."""
    for part in SWEEP_PARTS:
        if key.startswith(f"hydra.{part}."):
            settings = [name.split(".")[2] for name in names if name.startswith(f"hydra.{part}.")]
            shown = [name for name in dict.fromkeys(settings) if not name.startswith("_")]
            return f"the {part} has {', '.join(shown) or 'no settings'}"
    return EVERY_RATE if key.startswith("optimizer.") else EVERY_NAME


def explain_new_element(key: str, names: Iterable[str], override: str) -> str | None:
    """Return how a new element of an open mapping is added; None if a key is in no new one."""
    for section, kind in OPEN_MAPPINGS.items():
        if not key.startswith(f"{section}."):
            continue
        inside = [name.removeprefix(f"{section}.") for name in names if name.startswith(section)]
        elements = {name.partition(".")[0] for name in inside}
        element = key.removeprefix(f"{section}.").partition(".")[0]
        if element in elements:
            return None
        suggestion = hint(key, names) if near(element, elements, cutoff=0.7) else ""
        addition = f"{kind} is added with +{override.lstrip('+')}"
        return f"there is no {section}.{element}{suggestion}; {addition}"
    return None


def explain_other_choice(key: str) -> str:
    """Return what to choose first for a setting that the chosen sweeper or launcher lacks."""
    part, _, name = key.removeprefix("hydra.").partition(".")
    if part == "sweeper" and name.partition(".")[0] in sweep_settings.SEARCH:
        return "is a setting of a search, and this is a grid; choose hydra/sweeper=optuna first"
    if part != "launcher":
        return ""
    settings = dict(sweep_settings.NUMBERS)
    for launcher, names in sweep_settings.NAMES.items():
        settings[launcher] += f" {names}"
    having = [launcher for launcher, names in settings.items() if name in names.split()]
    if not having:
        return ""
    choices = " or ".join(having)
    return f"is a setting of another launcher; choose hydra/launcher={choices} first"


def explain_missing_file(override: str, error: Exception) -> Problem:
    """Explain a choice, in an override or a defaults list, of a file that does not exist."""
    group, _, name = str(getattr(error, "missing_cfg_file", "")).rpartition("/")
    options: list[str] = list(getattr(error, "options", None) or [])
    parent = first_line(str(error)).removeprefix("In '").partition("'")[0]
    where = own_files.shown_by_name(parent)
    if override and (override.endswith(f"={name}") or parent == "config"):
        where = own_files.find_choosing(override, name)
    if group == "experiment":
        way_out = "`darnax list` shows the experiments"
    else:
        way_out = f"there are: {', '.join(options) or 'none'}"
    return Problem(where, f"there is no {name} in {group}/{hint(name, options)}; {way_out}")


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


def value_names(config: DictConfig) -> list[str]:
    """List every dotted name of the configuration, without Hydra's own."""
    return [name for name in all_names(config) if not name.startswith("hydra")]


def settable_names(config: DictConfig) -> list[str]:
    """List every dotted name that an override may set: also those of launcher and sweeper."""
    parts = tuple(f"hydra.{part}." for part in SWEEP_PARTS)
    return [*value_names(config), *(name for name in all_names(config) if name.startswith(parts))]


def all_names(config: DictConfig) -> list[str]:
    """List every dotted name."""
    return list_names(OmegaConf.to_container(config), lists=False)


def hint(word: str, known: Iterable[str]) -> str:
    """Suggest known names, if there are similar ones."""
    names = list(known)
    if any(name.startswith("optimizer.groups.") for name in names):
        # The default is for modules of no group, and there may be none.
        names = [name for name in names if not name.startswith("optimizer.default.")]
    found = near_key(word, names)
    return f" (did you mean {' or '.join(found)}?)" if found else ""
