"""The interface of observables, which compute numbers at the end of a training step."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

import equinox as eqx
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from darnax.orchestrators import Orchestrator
from darnax.phases import Phase
from darnax.relaxation import PhaseResult

Metrics = dict[str, Float[Array, ""]]


class PhaseEnds(dict[str, PhaseResult]):
    """The end of each phase of a step, by the name of the phase; other names are refused."""

    def __missing__(self, name: str) -> PhaseResult:
        raise ValueError(f"got phase {name!r}, expected one of {', '.join(self)}")


class StepContext(NamedTuple):
    """The data of a training step before its updates are applied.

    Args:
        network: as it was when the step began; `network.layer_map` has the modules and their names.
        phases: of training, by name, in order.
        ends: by the name of the phase: the state, the field of every layer and the relaxation. A
            name of no phase is a `ValueError`.
        x: encoded inputs, `(B, *in)`.
        y: encoded labels, `(B, *out)`.

    Where several devices share a batch, the examples are those of one device.
    """

    network: Orchestrator
    phases: Mapping[str, Phase]
    ends: PhaseEnds
    x: Float[Array, "batch *in"]
    y: Float[Array, "batch *out"]


class Observable(eqx.Module):
    """A measurement of every training step.

    A configuration adds one by `observables.<name>: {_target_: package.Class, ...}`; the other keys
    are arguments of its constructor. `__call__` is traced by JAX and must return means over the
    batch: what is logged is their mean over the devices and over the steps of a row. It changes
    nothing of the training. A single number is logged as `<name>`, a mapping as `<name>/<key>`.

    Example:
        >>> import jax.numpy as jnp
        >>> class Field(Observable):
        ...     phase: str
        ...     def __call__(self, step: StepContext) -> Metrics:
        ...         fields = step.ends[self.phase].fields
        ...         names = step.network.layer_map.names_by_edge()
        ...         return {names[i, i]: jnp.mean(abs(h)) for i, h in fields.items()}
    """

    @abstractmethod
    def __call__(self, step: StepContext) -> ArrayLike | Mapping[str, ArrayLike]:
        """Return one number, or several by name."""
