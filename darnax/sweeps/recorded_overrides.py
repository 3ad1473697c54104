"""The words that a sweep was started with, read from its record to resume it: a record may come from anywhere.

A recorded word may say what is harmless whoever says it. What could run code, look something up, or read a file of somebody
else has to be repeated on the command line.
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
PROCESSES = (
    "n_jobs",
    "tasks_per_node",
    "nodes",
)  # settings that are started on this machine, all at once
NAME = re.compile(r"[A-Za-z0-9][\w.:,+-]*")
SWEEPERS = ("basic", "optuna")
REPEAT = "repeat it on the command line if you trust it"
Choice = Callable[[str], bool]


def merge_overrides(
    recorded: Sequence[str], given: Sequence[str], is_choice: Choice | None = None
) -> list[str]:
    """Return the words of a sweep that is resumed: those recorded, with those given for where and how long it runs.

    Args:
        recorded: of the start.
        given: on the command line of the resume; a recorded word that is repeated there is trusted.
        is_choice: tells whether a key chooses a file; None where recorded words about the configuration are not used.

    Raises:
        RequestError: a given word would make it another sweep, or a recorded one is not harmless and not repeated.
    """
    if strangers := [
        word for word in given if not word.startswith(ON_RESUME) and word not in recorded
    ]:
        allowed = ", ".join(f"{start}…" for start in ON_RESUME)
        raise RequestError(
            Problem(
                " ".join(strangers),
                f"would make it another sweep; only {allowed} may change on the way",
            )
        )
    words = replace_launcher(recorded, given)
    name = launcher_of(words)
    problems = [
        Problem(word, f"came from the record, and {why}")
        for word in words
        if word not in given and (why := explain_harmful(word, name, is_choice))
    ]
    if problems:
        raise RequestError(*problems)
    return words


def replace_launcher(recorded: Sequence[str], given: Sequence[str]) -> list[str]:
    """Return the recorded words with others for where and how long it runs."""
    gone = {key_of(word) for word in given if word.lstrip("+").startswith(ON_RESUME)}
    new_launcher = "hydra/launcher" in gone  # what was said to the one before goes with it
    kept = [
        word
        for word in recorded
        if key_of(word) not in gone
        and not (new_launcher and key_of(word).startswith("hydra.launcher."))
    ]
    return [*kept, *(word for word in given if word not in kept)]


def key_of(word: str) -> str:
    """Return the key of an override."""
    return word.lstrip("+~").partition("=")[0]


def launcher_of(words: Collection[str]) -> str:
    """Return the name of the launcher that is asked for."""
    names = [word.partition("=")[2] for word in words if key_of(word) == "hydra/launcher"]
    return names[-1] if names else "basic"


def explain_harmful(word: str, launcher: str, is_choice: Choice | None) -> str:
    """Return why a word may not be taken from a record; "" where it is harmless."""
    try:
        override = OverridesParser.create().parse_override(word)
    except HydraException:
        return "cannot be read"
    key = override.key_or_group
    if key.startswith("hydra.launcher."):
        name = key.removeprefix("hydra.launcher.")
        return (
            ""
            if is_harmless(override, launcher, name)
            else f"is more than a number or a name, or more processes than {PER_CORE} for each core here; {REPEAT}"
        )
    if key == "hydra/launcher":
        return "" if launcher in NUMBERS else f"is no launcher of darnax; {REPEAT}"
    if key == "hydra/sweeper":
        return (
            ""
            if word.partition("=")[2] in SWEEPERS
            else "is no sweeper of darnax; start a new sweep"
        )
    if key.startswith("hydra.sweeper."):
        known = key.split(".")[2] in SEARCH and "${" not in word
        return "" if known else "is no setting of a search; start a new sweep"
    if key.partition("/")[0].partition(".")[0] == "hydra":
        return "would have no effect, or one that a record must not have; take it out of the overrides in sweep.json"
    return "" if is_choice is None else leads_elsewhere(override, word, is_choice)


def is_harmless(override: Override, launcher: str, name: str) -> bool:
    """Tell whether a setting of a launcher is a number, true, false or null, or a name where it takes one."""
    value, numbers, names = (
        override.value(),
        NUMBERS.get(launcher, "").split(),
        NAMES.get(launcher, "").split(),
    )
    if name not in (*numbers, *names) or override.is_delete():
        return False
    text = value.text if isinstance(value, QuotedString) else value
    is_name = name in names and isinstance(text, str) and NAME.fullmatch(text) is not None
    started_here = name in PROCESSES and launcher != "submitit_slurm"
    is_number = isinstance(value, int | float) and (
        not started_here or value <= PER_CORE * (os.cpu_count() or 1)
    )
    return value is None or is_name or (name in numbers and is_number)


def leads_elsewhere(override: Override, word: str, is_choice: Choice) -> str:
    """Return where a word about the configuration would lead; "" where it says a value, or chooses a file by its name."""
    if "${" in word and ":" in word.partition("${")[2]:
        return f"looks something up; {REPEAT}"
    if override.package is not None:
        return f"puts a file in another place; {REPEAT}"
    if is_choice(override.key_or_group) and re.search(
        r"\.\.|(^|[^\w.+-])/|\\", word.partition("=")[2]
    ):
        return f"leads out of the folders of configurations; {REPEAT}"
    return ""
