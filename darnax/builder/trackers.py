"""From the section `tracking` to what makes the trackers of a run."""

from collections.abc import Mapping
from typing import Any

from darnax.builder.calls import Reader
from darnax.builder.deferred_call import DeferredCall
from darnax.builder.problems import format_value, nearest
from darnax.runner.experiment import TrackingChoice
from darnax.runner.settings import TrackingSettings
from darnax.tracking import SHIPPED, Tracker, WandB

FILLED = ("run",)  # the argument that darnax fills in: a `TrackedRun`


def read_tracking(section: TrackingSettings, reader: Reader) -> TrackingChoice:
    """Return the choices of the section `tracking`; what is wrong is noted among the problems."""
    trackers = {}
    for name, node in (section.model_extra or {}).items():
        call = None if node is None else read_tracker(name, node, reader)
        if call is not None and not is_disabled(call):
            trackers[name] = call
    concurrent = all(getattr(call.factory, "concurrent", True) for call in trackers.values())
    # Without a check, which was made when the section was read.
    return TrackingChoice.model_construct(
        console=section.console, trackers=trackers, concurrent=concurrent
    )


def read_tracker(name: str, node: Any, reader: Reader) -> DeferredCall | None:
    """Return the call that makes a tracker, its arguments checked, or None and the reason noted."""
    where = f"tracking.{name}"
    if isinstance(node, Mapping) and "_target_" in node:
        return reader.call(node, where, Tracker, FILLED)
    if name not in SHIPPED:
        keys = (*TrackingSettings.model_fields, *SHIPPED)
        what = f"there is no such key{nearest(name, keys)}"
        reader.problems.add(where, f"{what}; a tracker of your own needs a `_target_`")
        return None
    if not isinstance(node, Mapping):
        reader.problems.add(where, f"got {format_value(node)}, expected a valid mapping")
        return None
    return reader.arguments(SHIPPED[name].tracker, node, where, FILLED)


def is_disabled(call: DeferredCall) -> bool:
    """Whether it is W&B in its own mode for none, which is as if it were not there."""
    return call.factory is WandB and call.arguments.get("mode") == "disabled"
