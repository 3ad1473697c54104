"""The environment variables of W&B: they hold where the configuration says nothing."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

Mode = Literal["offline", "online", "disabled", "shared"]
# Arguments of `wandb.init` and settings whose variable is not WANDB_ and their name.
VARIABLES = {
    "group": "WANDB_RUN_GROUP",
    "id": "WANDB_RUN_ID",
    "x_save_requirements": "WANDB__SAVE_REQUIREMENTS",
}
MODES: Mapping[str, Mode] = {
    "offline": "offline",
    "dryrun": "offline",
    "online": "online",
    "run": "online",
    "disabled": "disabled",
    "shared": "shared",
}
TRUE = ("true", "1", "yes", "on")


def choose_mode(configured: Mode | None) -> Mode:
    """Return the mode of the configuration, or that of WANDB_MODE or WANDB_DISABLED, or offline.

    Raises:
        RuntimeError: WANDB_MODE is no mode.
    """
    if configured is not None:
        return configured
    if os.environ.get("WANDB_DISABLED", "").lower() in TRUE:
        return "disabled"
    name = os.environ.get("WANDB_MODE") or "offline"
    if name not in MODES:
        raise RuntimeError(f"WANDB_MODE: got {name!r}, expected {', '.join(MODES)}")
    return MODES[name]


def leave_to_environment(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values whose variable is not set; W&B reads the other variables itself.

    Example:
        >>> os.environ["WANDB_PROJECT"] = "mine"
        >>> leave_to_environment({"project": "darnax", "job_type": "train"})
        {'job_type': 'train'}
        >>> del os.environ["WANDB_PROJECT"]
    """
    return {name: value for name, value in values.items() if not os.environ.get(variable(name))}


def require_cache(instead: Path) -> None:
    """Let the service of W&B write its log below `instead` if the folder of caches is read-only.

    It prints its log on the terminal otherwise.
    """
    caches = os.environ.get("WANDB_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    logs = Path(caches).expanduser() / "wandb" / "logs"
    try:
        logs.mkdir(parents=True, exist_ok=True)
        is_writable = os.access(logs, os.W_OK)
    except (OSError, RuntimeError):  # there may be no home directory
        is_writable = False
    if not is_writable:
        os.environ["WANDB_CACHE_DIR"] = str(instead.absolute())


def unset_empty() -> None:
    """Remove the variables of W&B that are empty, some of which it refuses instead of ignoring."""
    for name, value in list(os.environ.items()):
        if name.startswith("WANDB_") and not value:
            del os.environ[name]


def variable(name: str) -> str:
    """Return the variable of an argument of `wandb.init` or of a setting."""
    return VARIABLES.get(name, f"WANDB_{name.upper()}")


def tags_of_environment() -> list[str]:
    """Return the tags of WANDB_TAGS."""
    return [tag for tag in os.environ.get("WANDB_TAGS", "").split(",") if tag]
