"""Says what to type instead of a key that does not exist."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from darnax.composing import sweep_settings
from darnax.composing.key_names import SWEEP_PARTS
from darnax.near import near, near_key

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


def explain_absent(
    key: str, absent: str, override: str, names: Sequence[str], tree: Mapping[str, Any]
) -> str:
    """Return that a key does not exist, and what to type instead.

    Args:
        key: that an override sets.
        absent: the part of the key, or of its value, that does not exist.
        override: as it was typed.
        names: the keys that may have been meant.
        tree: the configuration without the override.
    """
    is_in_value = absent.startswith(f"{key}.")  # a mapping with a key that is absent
    if is_in_value and "_target_" in override:  # of another class, with other arguments
        return explain_addition(absent, override)
    if can_be_added(key, tree):
        return explain_addition(key, override)
    new_element = explain_new_element(key, names, override)
    if new_element is not None:
        return new_element
    if is_in_value and can_be_added(absent, tree):
        return explain_addition(absent, override)
    suggestion = hint(key, names) or hint(absent, names)
    missing_choice = explain_other_choice(key)
    return missing_choice or f"there is no {absent}{suggestion}; {where_to_look(key, names)}"


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


def explain_position(key: str) -> str:
    """Return that a list has no such position, and how a list is replaced."""
    return f"there is no {key}: a list has the positions 0, 1, …, and is replaced as a whole"


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


def where_to_look(key: str, names: Iterable[str]) -> str:
    """Return what lists the keys that may have been meant, or these keys themselves."""
    for part in SWEEP_PARTS:
        if key.startswith(f"hydra.{part}."):
            settings = [name.split(".")[2] for name in names if name.startswith(f"hydra.{part}.")]
            shown = [name for name in dict.fromkeys(settings) if not name.startswith("_")]
            return f"the {part} has {', '.join(shown) or 'no settings'}"
    return EVERY_RATE if key.startswith("optimizer.") else EVERY_NAME


def hint(word: str, known: Iterable[str]) -> str:
    """Suggest known names, if there are similar ones."""
    names = list(known)
    if any(name.startswith("optimizer.groups.") for name in names):
        # The default is for modules of no group, and there may be none.
        names = [name for name in names if not name.startswith("optimizer.default.")]
    found = near_key(word, names)
    return f" (did you mean {' or '.join(found)}?)" if found else ""
