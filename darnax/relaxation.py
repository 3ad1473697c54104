"""Relaxation: phases, and the only loop over time steps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeVar, get_args

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from darnax.orchestrators import Messages, Orchestrator
from darnax.orchestrators.interface import ClampedMessages
from darnax.printing import count_of
from darnax.states import State

S = TypeVar("S", bound=State)
CHOICES = {
    "until": (None, "fixed_point"),
    "messages": get_args(Messages),
    "start": ("keep", "blank"),
}
LONGEST = 2**31  # steps are counted on the device, in 32 bits
MOST_PARTS = 16  # into which `any_true` divides a buffer
FLIP_TOLERANCE = 1e-4  # a change up to this is no flip; units of ±1 change by 0 or 2


@dataclass(frozen=True)
class Phase:
    """A stretch of relaxation.

    Args:
        steps: the exact number of steps; leave it out with `until`.
        until: "fixed_point" stops after the first step that flips no unit of any sample in the
            batch.
        max_steps: the largest number of steps; required with `until`.
        messages: which are sent: `all`; `forward`, sender ≤ receiver; `unsupervised`, all but those
            of the output.
        start: `keep` the state of the previous phase, or `blank`: zeros in all buffers but the
            input and the output.
        learn: names of the modules, globs allowed, that learn from the state at the end.

    Raises:
        ValueError: neither or both of `steps` and `until`, a length below 0, an unknown choice, or
            a string for `learn`.
    """

    steps: int | None = None
    until: Literal["fixed_point"] | None = None
    max_steps: int | None = None
    messages: Messages = "all"
    start: Literal["keep", "blank"] = "keep"
    learn: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                got = f"{name}: got {getattr(self, name)!r}"
                raise ValueError(f"{got}, expected one of {', '.join(map(str, choices))}")
        if isinstance(self.learn, str):
            what = f"expected a tuple of names, as in learn=({self.learn!r},)"
            raise ValueError(f"learn: got the string {self.learn!r}, {what}")
        if (self.steps is None) == (self.until is None):
            what = "a phase has either `steps: n` or `until: fixed_point` with `max_steps: n`"
            raise ValueError(what)
        if (self.until is None) != (self.max_steps is None):
            raise ValueError("`until: fixed_point` and `max_steps: n` go together")
        if not 0 <= self.length < LONGEST:
            what = f"expected 0 or more in a phase, and less than {LONGEST}"
            raise ValueError(f"got {count_of(self.length, 'step')}, {what}")

    @property
    def length(self) -> int:
        """The largest number of steps."""
        return self.steps if self.steps is not None else self.max_steps or 0


@jax.tree_util.register_static
class Phases(Mapping[str, Phase]):
    """Phases by name, in the order in which they run.

    JAX sorts the keys of a dict that is an argument of a compiled function; `Phases` is a pytree
    without leaves and keeps its order. It is hashable, and equal only to the same phases in the
    same order.

    Args:
        phases: by name, in order.
        named: further ones, after these.

    Raises:
        TypeError: a value is not a `Phase`.

    Example:
        >>> list(Phases(warmup=Phase(steps=1), clamped=Phase(steps=5)))
        ['warmup', 'clamped']
    """

    def __init__(self, phases: Mapping[str, Phase] | None = None, /, **named: Phase) -> None:
        self._phases = {**(phases or {}), **named}
        for name, phase in self._phases.items():
            if not isinstance(phase, Phase):
                raise TypeError(f"{name}: got a {type(phase).__name__}, expected a Phase")

    def __getitem__(self, name: str) -> Phase:
        return self._phases[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._phases)

    def __len__(self) -> int:
        return len(self._phases)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Phases) and list(self.items()) == list(other.items())

    def __hash__(self) -> int:
        return hash(tuple(self.items()))

    def __repr__(self) -> str:
        return f"Phases({self._phases!r})"


def require_ordered(phases: Mapping[str, Phase]) -> Phases:
    """Return `phases` as `Phases`.

    Raises:
        TypeError: another mapping of several phases, whose order JAX may have changed, or no
            mapping.
    """
    if isinstance(phases, Phases):
        return phases
    if not isinstance(phases, Mapping):
        got = f"got a {type(phases).__name__}"
        if hasattr(phases, "train") and hasattr(phases, "infer"):  # both phases of a run
            raise TypeError(f"{got}, expected one of its parts: phases.train or phases.infer")
        raise TypeError(f"{got}, expected Phases")
    if len(phases) > 1:
        got = f"got a {type(phases).__name__} of {count_of(len(phases), 'phase')}"
        example = f"Phases({next(iter(phases))}=…, …), in the order in which they are to run"
        raise TypeError(f"{got}, which JAX sorts by name; expected Phases: write {example}")
    return Phases(phases)


class Relaxation(NamedTuple):
    """Summary of a relaxation; `flips` and `converged` are batch averages at its last step."""

    steps: Float[Array, ""]
    flips: Float[Array, ""]
    converged: Float[Array, ""]


class PhaseResult(NamedTuple):
    """A phase at its end: the state, the field of every layer, and how the relaxation went."""

    state: State
    fields: dict[int, Array]
    relaxation: Relaxation


def relax(
    network: Orchestrator,
    state: S,
    rng: Key[Array, ""],
    phase: Phase,
    clamped: ClampedMessages | None = None,
) -> tuple[S, Key[Array, ""], Relaxation]:
    """Take the steps of `phase`; return the state, a fresh key, and a summary.

    The messages of the input and the output buffer, which no step changes, are computed once, or
    not at all if `clamped` (the result of `network.clamped_messages`) is given.
    """
    if clamped is None:
        clamped = network.clamped_messages(state, rng)
    if phase.start == "blank":
        state = state.init(state[0], state[-1])

    def step(carry: LoopCarry) -> LoopCarry:
        # The key depends on the number of the step, not on the key of the previous step: the
        # compiler then removes it where no module draws random numbers.
        key = jax.random.fold_in(noise, carry.steps)
        new, _ = network.step(carry.state, key, phase.messages, clamped)
        return LoopCarry(new, carry.state, carry.steps + 1)

    def step_and_compare(loop: tuple[LoopCarry, Array]) -> tuple[LoopCarry, Array]:
        carry = step(loop[0])
        changed = [any_true(buffer) for buffer in changed_units(network, carry)]
        return carry, jnp.any(jnp.array(changed, bool))

    def must_go_on(loop: tuple[LoopCarry, Array]) -> Array:
        carry, has_changed = loop
        return (carry.steps < phase.length) & has_changed

    rng, noise = jax.random.split(rng)
    carry = LoopCarry(state, state, jnp.zeros((), jnp.int32))
    if phase.until is None:
        carry = jax.lax.fori_loop(0, phase.length, lambda _, now: step(now), carry)
    else:
        start = carry, jnp.array(True)
        carry, _ = jax.lax.while_loop(must_go_on, step_and_compare, start)
    flipped = flipped_fractions(network, carry)
    steps = carry.steps.astype(jnp.float32)
    converged = jnp.mean(flipped == 0, dtype=jnp.float32)
    return carry.state, rng, Relaxation(steps, jnp.mean(flipped), converged)


class LoopCarry(NamedTuple):
    """The carry of the loop: the state, the one before the last step, and the steps taken."""

    state: Any
    before: Any
    steps: Array


def changed_units(network: Orchestrator, carry: LoopCarry) -> list[Bool[Array, "batch *size"]]:
    """Return, per hidden buffer, which units the last step changed."""
    return [jnp.abs(carry.state[i] - carry.before[i]) > FLIP_TOLERANCE for i in network.hidden()]


def any_true(units: Bool[Array, "batch *size"]) -> Bool[Array, ""]:
    """Return whether any unit of any sample is true.

    The result is that of `jnp.any(units)`, which XLA compiles to several passes that cost half a
    sweep. Transposed to (units, batch), the layout in which sparse layers store their states,
    and reduced over equal parts first, it becomes one pass of vector instructions.
    """
    columns = units.reshape(units.shape[0], -1).T.astype(jnp.int32)
    parts = next(n for n in range(MOST_PARTS, 0, -1) if len(columns) % n == 0)
    combined = jnp.bitwise_or.reduce(columns.reshape(parts, -1), axis=0)
    # The barrier keeps XLA from merging the two reductions into one.
    return jnp.bitwise_or.reduce(jax.lax.optimization_barrier(combined)) != 0


def flipped_fractions(network: Orchestrator, carry: LoopCarry) -> Float[Array, " batch"]:
    """Return, per sample, the fraction of hidden units that the last step changed."""
    units = [buffer.reshape(buffer.shape[0], -1) for buffer in changed_units(network, carry)]
    if not units:
        return jnp.zeros(carry.state[0].shape[0], jnp.float32)
    return jnp.mean(jnp.concatenate(units, axis=1), axis=1, dtype=jnp.float32)
