"""Overrides of an optimiser that no module uses."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from darnax.runner.experiment import Experiment

DEFAULT = "optimizer.default"


def explain_unused(make: Callable[[], "Experiment"], overrides: Sequence[str]) -> list[str]:
    """Return a line for every override of `optimizer.default`, if no module that learns uses it.

    `make` returns the experiment; it is called only where there are such overrides.
    """
    unused = [word for word in overrides if word.lstrip("+").startswith(f"{DEFAULT}.")]
    if not unused:
        return []
    experiment = make()
    globs = tuple(getattr(experiment.make_optimizer, "globs", ()))
    learning = [module.name for module in experiment.outline().modules if module.plastic]
    if not all(any(fnmatchcase(name, glob) for glob in globs) for name in learning):
        return []
    keys = (glob.removesuffix("[0-9]*") for glob in globs)  # as they stand in the configuration
    groups = ", ".join(f"optimizer.groups.{key}" for key in keys)
    reason = f"every module that learns is in one of {groups}"
    return [f"{word} has no effect: {reason}" for word in unused]
