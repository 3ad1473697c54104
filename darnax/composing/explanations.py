"""Explains overrides and files that Hydra refused: what is wrong, and what to do."""

import re
from collections.abc import Mapping
from typing import Any

from darnax.composing import own_files
from darnax.composing.quoting import explain_unreadable
from darnax.composing.suggestions import explain_absent, explain_position, hint
from darnax.errors import Problem, first_line

# Hydra's messages about the defaults list of a file.
IN_FILE = re.compile(
    r"\s*(?:In|Invalid defaults list in) '?(?P<file>[\w./-]+?)'?[:,] (?P<what>.*)", re.DOTALL
)
NO_MATCH = re.compile(r"Could not override '(?P<key>[^']+)'")
# OmegaConf's messages about a key inside of a list.
BAD_POSITION = re.compile(
    r"Index '.*' \(str\) is not an int|invalid literal for int|list index out of range"
)
# A list in the place of a mapping, or the other way round.
MISMATCH = re.compile(r"Cannot merge (?:DictConfig with ListConfig|ListConfig with DictConfig)")
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
        absent = str(getattr(cause, "full_key", None) or key)
        return explain_absent(key, absent, override, names, tree)
    if text.startswith("Could not delete"):
        if key not in names:
            return f"there is no {key} to remove{hint(key, names)}"
        return f"{key} is null, and null cannot be removed; give it a value first: {key}=0 ~{key}"
    if BAD_POSITION.match(text) or BAD_POSITION.match(str(cause)):
        return explain_position(key)
    if MISMATCH.search(text) or MISMATCH.search(str(cause)):
        what = "cannot be merged: one is a list, the other a mapping"
        return f"{what}; replace the whole with '~{key}' '+{key}={value}'"
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
