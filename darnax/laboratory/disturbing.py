"""Random stages in `eval` and `analyse`: those that an override names are applied."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from darnax.runner.experiment import Experiment

DISTURB = "data.disturb"


def apply_overridden_stages(experiment: "Experiment", overrides: Sequence[str]) -> "Experiment":
    """Return the experiment with the stages of `data.disturb` that overrides name applied always.

    An override of a stage's `when` is followed instead.
    """
    names = set(overridden_stages(overrides))
    if not names:
        return experiment
    encode = experiment.data.encode.with_always(f"{DISTURB}.{name}" for name in names)
    return replace(experiment, data=experiment.data.model_copy(update={"encode": encode}))


def overridden_stages(overrides: Sequence[str]) -> Iterator[str]:
    """Yield the stages of `data.disturb` that overrides set, except those of which they set `when`.

    Example:
        >>> list(overridden_stages(["+data.disturb.noise.share=0.2", "data.validation=0"]))
        ['noise']
    """
    found: dict[str, bool] = {}  # stage -> whether `when` is set
    for key, value in overridden_values(overrides):
        above, _, rest = key.partition(f"{DISTURB}.")
        if above or not rest:
            continue
        name, _, argument = rest.partition(".")
        sets_when = argument == "when" or (isinstance(value, dict) and "when" in value)
        found[name] = found.get(name, False) or sets_when
    yield from (name for name, sets_when in found.items() if not sets_when)


def overridden_values(overrides: Sequence[str]) -> Iterator[tuple[str, object]]:
    """Yield the keys that overrides set, with their values; of `data.disturb` stage by stage."""
    from darnax.composing.plain_overrides import parse_override

    for word in overrides:
        override = parse_override(word)
        if override.is_delete():
            continue
        key, value = override.key_or_group, override.value()
        if key == DISTURB and isinstance(value, dict):
            yield from ((f"{DISTURB}.{name}", inner) for name, inner in value.items())
        else:
            yield key, value
