"""States of a trained network after every step of its phases."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from darnax.analysis.relaxation import flipped_fraction, iterate_steps
from darnax.api.model import Model
from darnax.data.labels import encode_targets
from darnax.errors import RequestError
from darnax.orchestrators import Messages, Orchestrator
from darnax.states import State


@dataclass(frozen=True)
class Trajectory:
    """The states of all buffers before the first step and after each of T steps.

    Args:
        phases: the name of the phase of each step, T of them.
        states: name of a buffer -> (T + 1, N, *size).
        fields: name of a layer -> its field h in the states of each time, (T + 1, N, *size), by
            the messages of the phase whose step led to this state, or of the first phase.
        scores: those that the readout gives to the states of each time, (T + 1, N, *output).
        flips: name of a buffer -> the fraction of its units that each step changed, over all N, T
            of them. A phase may start from another state than the one before it ended with; its
            first step is compared with the state from which it started. Units of ±1 that a phase
            starts at 0 change in its first step.
    """

    phases: tuple[str, ...]
    states: dict[str, Float[NDArray[np.float32], "times N *size"]]
    fields: dict[str, Float[NDArray[np.float32], "times N *size"]]
    scores: Float[NDArray[np.float32], "times N *output"]
    flips: dict[str, Float[NDArray[np.float32], " steps"]]

    @property
    def margins(self) -> dict[str, Float[NDArray[np.float32], "times N *size"]]:
        """Name of a layer -> y·h of every unit: positive where it has the sign of its field.

        Where layers are updated one after the other, a later layer receives the new states of the
        earlier ones in the next step, so that its sign may change all the same.
        """
        return {name: self.states[name] * field for name, field in self.fields.items()}

    def __repr__(self) -> str:
        inputs = len(next(iter(self.states.values()))[0])
        counts = [f"{name} {self.phases.count(name)}" for name in dict.fromkeys(self.phases)]
        steps, buffers = ", ".join(counts), ", ".join(self.states)
        return f"Trajectory({inputs} inputs; steps: {steps}; buffers: {buffers})"


def follow(model: Model, x: Any, targets: Any = None, *, clean: bool = False) -> Trajectory:
    """Run the phases of a network on raw inputs, and return the states of every step.

    As in `predict`, random stages of the run with `when: always` disturb the inputs: of a memory
    the entries that it flips in every cue.

    Args:
        model: the network.
        x: raw inputs (N, *raw), as `predict` takes them.
        targets: None for the phases of inference; raw targets, N classes for one, for those of
            training.
        clean: whether to leave these random stages out, as `recall` does.

    Raises:
        RequestError: an input has another shape than the network takes, there is none, or the
            number of targets is another one.
    """
    inputs = model.require_fitting(x)
    if not len(inputs):
        raise RequestError("x: got no inputs, expected an array (N, *raw) of one or more")
    data, raw = model.experiment.data, jnp.asarray(inputs)
    undisturbed = data.encode.clean(raw)
    encoded = undisturbed if clean else data.encode(raw, index=jnp.arange(len(raw)))
    phases, state = model.phases.infer, model.state.init(encoded)
    if targets is not None:
        given = jnp.asarray(require_one_each(targets, len(raw)))
        y = encode_targets(data.labels, data.classes, data.encode, raw, given)
        phases, state = model.phases.train, model.state.init(encoded, y)
    names: list[str] = []
    states: list[State] = []
    fields: list[dict[int, Array]] = []
    flips: list[dict[int, float]] = []
    layers, output = model.buffers, model.network.layer_map.output
    steps = iterate_steps(model.network, state, phases, jax.random.key(0), undisturbed)
    for phase, _, before, after in steps:
        new = [after] if states else [before, after]
        states += new
        fields += [compute_fields(model.network, one, phases[phase].messages) for one in new]
        flips.append({i: flipped_fraction(before[i], after[i]) for i in layers})
        names.append(phase)
    return Trajectory(
        phases=tuple(names),
        states={name: stack(one[i] for one in states) for i, name in layers.items()},
        fields={name: stack(one[i] for one in fields) for i, name in layers.items() if i},
        scores=stack(model.network.activate(output, one[output]) for one in fields),
        flips={name: np.array([one[i] for one in flips], np.float32) for i, name in layers.items()},
    )


def stack(arrays: Iterable[Array]) -> NDArray[np.float32]:
    """Return arrays of one shape as one array, with a new first axis."""
    return np.stack([np.asarray(array) for array in arrays])


@eqx.filter_jit
def compute_fields(network: Orchestrator, state: State, messages: Messages) -> dict[int, Array]:
    """Return the field of every layer by its position."""
    return network.fields(state, jax.random.key(0), messages)


def require_one_each(targets: Any, count: int) -> NDArray[Any]:
    """Return targets as an array; raise RequestError unless there is one for every input."""
    found = np.asarray(targets)
    if found.ndim < 1 or len(found) != count:
        what = f"targets: got {list(found.shape)}, expected one for each of {count} inputs"
        raise RequestError(what)
    return found
