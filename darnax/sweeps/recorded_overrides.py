"""Checks the overrides that a sweep's record holds, before they are used to resume it.

A record may come from anywhere. A recorded override is used if it is harmless. One that could run
code, look something up, or read a file elsewhere has to be repeated on the command line.
"""

import os
import re
from collections.abc import Callable, Collection, Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, QuotedString
from hydra.errors import HydraException

from darnax.composing.sweep_settings import NAMES, NUMBERS, SEARCH
from darnax.errors import Problem, RequestError

ON_RESUME = (
    "hydra/launcher=",
    "hydra.launcher.",
    "hydra.sweeper.n_trials=",
    "hydra.sweeper.n_jobs=",
)
PER_CORE = 4
# Settings that start several processes on this machine at once.
PROCESSES = ("n_jobs", "tasks_per_node", "nodes", "ray.init.num_cpus")
NAME = re.compile(r"[A-Za-z0-9][\w.:,+-]*")
SWEEPERS = ("basic", "optuna")
REPEAT = "repeat it on the command line if you trust it"
Choice = Callable[[str], bool]


def merge_overrides(
    recorded: Sequence[str], given: Sequence[str], is_choice: Choice | None = None
) -> list[str]:
    """Return the overrides of a resumed sweep: the recorded ones, with new ones for its launcher.

    Args:
        recorded: overrides of the start.
        given: overrides of the resume; a recorded one that is repeated there is trusted.
        is_choice: returns whether a key chooses a file; None if the recorded overrides of the
            configuration are not used.

    Raises:
        RequestError: a given override would make it another sweep, or a recorded one is neither
            harmless nor repeated.
    """
    changing = [word for word in given if not word.startswith(ON_RESUME) and word not in recorded]
    if changing:
        allowed = ", ".join(f"{start}…" for start in ON_RESUME)
        what = f"would make it another sweep; only {allowed} may change when a sweep is resumed"
        raise RequestError(Problem(" ".join(changing), what))
    overrides = replace_launcher(recorded, given)
    name = launcher_of(overrides)
    problems = []
    for word in overrides:
        reason = "" if word in given else explain_harmful(word, name, is_choice)
        if reason:
            problems.append(Problem(word, f"came from the record, and {reason}"))
    if problems:
        raise RequestError(*problems)
    return overrides


def replace_launcher(recorded: Sequence[str], given: Sequence[str]) -> list[str]:
    """Return the recorded overrides, with others for the launcher and the length of a search."""
    replaced = {key_of(word) for word in given if word.lstrip("+").startswith(ON_RESUME)}
    kept = []
    for word in recorded:
        key = key_of(word)
        # The settings of the former launcher have no meaning for another one.
        is_obsolete = "hydra/launcher" in replaced and key.startswith("hydra.launcher.")
        if key not in replaced and not is_obsolete:
            kept.append(word)
    return [*kept, *(word for word in given if word not in kept)]


def key_of(word: str) -> str:
    """Return the key of an override."""
    return word.lstrip("+~").partition("=")[0]


def launcher_of(overrides: Collection[str]) -> str:
    """Return the name of the launcher that overrides choose."""
    names = [word.partition("=")[2] for word in overrides if key_of(word) == "hydra/launcher"]
    return names[-1] if names else "basic"


def explain_harmful(word: str, launcher: str, is_choice: Choice | None) -> str:
    """Return why an override may not be taken from a record; "" if it is harmless."""
    try:
        override = OverridesParser.create().parse_override(word)
    except HydraException:
        return "cannot be read"
    key, value = override.key_or_group, word.partition("=")[2]
    if key.startswith("hydra.launcher."):
        if is_harmless(override, launcher, key.removeprefix("hydra.launcher.")):
            return ""
        what = "is more than a number or a name, or more processes than "
        return f"{what}{PER_CORE} for each core here; {REPEAT}"
    if key == "hydra/launcher":
        return "" if launcher in NUMBERS else f"is not a launcher of darnax; {REPEAT}"
    if key == "hydra/sweeper":
        return "" if value in SWEEPERS else "is not a sweeper of darnax; start a new sweep"
    if key.startswith("hydra.sweeper."):
        is_setting = key.split(".")[2] in SEARCH and "${" not in word
        return "" if is_setting else "is not a setting of a search; start a new sweep"
    if re.split("[/.]", key)[0] == "hydra":
        what = "would have no effect, or one that a record must not have; "
        return f"{what}take it out of the overrides in sweep.json"
    return "" if is_choice is None else explain_lookup(override, word, is_choice)


def is_harmless(override: Override, launcher: str, name: str) -> bool:
    """Return whether a launcher's setting is a number, true, false, null or a plain name."""
    value = override.value()
    numbers, names = NUMBERS.get(launcher, "").split(), NAMES.get(launcher, "").split()
    if name not in (*numbers, *names) or override.is_delete():
        return False
    text = value.text if isinstance(value, QuotedString) else value
    is_name = name in names and isinstance(text, str) and NAME.fullmatch(text) is not None
    if value is None or is_name:
        return True
    if name not in numbers or not isinstance(value, int | float):
        return False
    # A record must not start any number of processes on this machine.
    starts_here = name in PROCESSES and launcher != "submitit_slurm"
    return not starts_here or value <= PER_CORE * (os.cpu_count() or 1)


def explain_lookup(override: Override, word: str, is_choice: Choice) -> str:
    """Return why an override reads more than its own text; "" if it is a value or names a file."""
    value = word.partition("=")[2]
    if "${" in word and ":" in word.partition("${")[2]:
        return f"looks something up; {REPEAT}"
    if override.package is not None:
        return f"puts a file in another place; {REPEAT}"
    leaves_folder = re.search(r"\.\.|(^|[^\w.+-])/|\\", value)
    if is_choice(override.key_or_group) and leaves_folder:
        return f"leads out of the folders of configurations; {REPEAT}"
    return ""
