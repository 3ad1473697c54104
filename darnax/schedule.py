"""The phases of a step, in order: what each starts from, and what it shows."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from darnax.batch_shares import draw_for_batch
from darnax.orchestrators import Orchestrator
from darnax.orchestrators.interface import ClampedMessages
from darnax.phases import STARTS, Phase, require_ordered
from darnax.relaxation import PhaseResult, relax
from darnax.states import State

WRONG = 2**31 - 2  # folded into the key of a step, for its wrong targets


class Shown(NamedTuple):
    """What a phase shows: a choice of the input, one of the target, and by which phase."""

    input: str
    target: str
    wrong_by: str | None = None


class PhaseStarts:
    """What each phase of a step starts with: its state, with the input and target that it shows.

    Args:
        network: the orchestrator.
        given: the state with the input and the target that are given.
        rng: the key of the messages of input and output, and of wrong targets.
        clean: the input without random stages; None is the input of `given`.
        axis: name of a mesh axis whose devices share the batch.
    """

    def __init__(
        self,
        network: Orchestrator,
        given: State,
        rng: Key[Array, ""],
        clean: Float[Array, "batch *in"] | None = None,
        axis: str | None = None,
    ) -> None:
        self.network, self.given, self.rng, self.clean = network, given, rng, clean
        self.axis = axis
        self.shown = Shown("given", "given")
        self.clamped: dict[Shown, ClampedMessages] = {}
        self.ends: dict[str, State] = {}
        self.scores: dict[str, Array] = {}

    def begin(self, phase: Phase, state: State) -> tuple[State, ClampedMessages]:
        """Return the state with which a phase starts, and the messages of its input and output.

        Args:
            phase: the next phase.
            state: at the end of the phase before.
        """
        shown = Shown(phase.input, phase.target, phase.wrong_by)
        goes_back = phase.start in self.ends and phase.start not in STARTS
        if goes_back:
            state = self.ends[phase.start]
        if shown != self.shown or goes_back:
            state = self._show(state, shown)
        if shown not in self.clamped:
            self.clamped[shown] = self.network.clamped_messages(state, self.rng)
        self.shown = shown
        return state, self.clamped[shown]

    def record_end(self, name: str, state: State, scores: Array) -> None:
        """Record the state and the scores at the end of a phase, for the phases after it."""
        self.ends[name], self.scores[name] = state, scores

    def _show(self, state: State, shown: Shown) -> State:
        x, y = self.given[0], self.given[-1]
        if shown.input == "clean" and self.clean is not None:
            x = self.clean
        if shown.input == "none":
            x = jnp.zeros_like(x)
        if shown.target == "wrong":
            scores = None if shown.wrong_by is None else self.scores[shown.wrong_by]
            y = draw_wrong(y, jax.random.fold_in(self.rng, WRONG), self.axis, scores)
        if shown.target == "none":
            y = jnp.zeros_like(y)
        return state.replace_val(0, x).replace_val(-1, y)


def draw_wrong(
    y: Float[Array, "batch *out"],
    rng: Key[Array, ""],
    axis: str | None = None,
    scores: Float[Array, "batch *out"] | None = None,
) -> Float[Array, "batch *out"]:
    """Return wrong targets: the values of each moved along by a random number of places.

    For one class that is on among C, each of the other C − 1 is on with equal probability, or with
    the probabilities that `softmax(scores)` gives to them.

    Args:
        y: the targets.
        rng: a key.
        axis: name of a mesh axis whose devices share the batch.
        scores: of the classes.

    Raises:
        ValueError: a target is one number, of which no other order exists.
    """
    flat = y.reshape(len(y), -1)
    units = flat.shape[1]
    if units < 2:
        raise ValueError("got a target of one number, expected several for a wrong target")

    def draw_places(examples: int) -> Array:
        return jax.random.randint(rng, (examples, 1), 1, units)

    def draw_noise(examples: int) -> Array:
        return jax.random.gumbel(rng, (examples, units))

    if scores is None:
        places = draw_for_batch(draw_places, len(y), axis)
    else:
        # The largest of log-probabilities with Gumbel noise is a draw by these probabilities.
        noisy = scores.reshape(flat.shape) + draw_for_batch(draw_noise, len(y), axis)
        right = jnp.argmax(flat, axis=1)
        is_right = jnp.arange(units)[None] == right[:, None]
        wrong = jnp.argmax(jnp.where(is_right, -jnp.inf, noisy), axis=1)
        places = (wrong - right)[:, None]
    moved = jnp.take_along_axis(flat, (jnp.arange(units)[None] - places) % units, axis=1)
    return moved.reshape(y.shape)


def run_phases(
    network: Orchestrator,
    state: State,
    phases: Mapping[str, Phase],
    rng: Key[Array, ""],
    clean: Float[Array, "batch *in"] | None = None,
    axis: str | None = None,
    *,
    count_changes: bool = False,
) -> Iterator[tuple[str, PhaseResult]]:
    """Yield the name and the end of every phase, in order.

    The messages of the input and the output are computed once for all phases that show the same.

    Args:
        network: the orchestrator.
        state: with the input and the target that are given.
        phases: by name, in order.
        rng: a key.
        clean: the input without random stages; by default the input of the state.
        axis: name of a mesh axis whose devices share the batch.
        count_changes: whether `relaxation.changes` is counted.
    """
    rng, key = jax.random.split(rng)
    starts = PhaseStarts(network, state, key, clean, axis)
    for name, phase in require_ordered(phases).items():
        state, clamped = starts.begin(phase, state)
        state, rng, relaxation = relax(
            network, state, rng, phase, clamped, axis, count_changes=count_changes
        )
        fields = network.fields(state, rng, phase.messages, clamped)
        starts.record_end(name, state, fields[network.layer_map.output])
        third_factors = network.third_factors(state, rng, phase.messages)
        yield name, PhaseResult(state, fields, relaxation, third_factors)
