"""How long to relax, and when to stop: the only loop over time."""

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
PARTS = 16  # at the most, of a buffer that is looked at for movement
FLIP_TOLERANCE = 1e-4  # a unit that moves by no more has not flipped; ±1 units move by 0 or 2


@dataclass(frozen=True)
class Phase:
    """A stretch of relaxation.

    Args:
        steps: exactly so many; leave it out with `until`.
        until: "fixed_point" stops after the first step that flips no unit of any sample in the batch.
        max_steps: and after so many in any case; goes with `until`.
        messages: which are sent: `all`; `forward`, sender ≤ receiver; `unsupervised`, all but what the output sends.
        start: `keep` the state of the phase before, or `blank`: zeros in all buffers but the input and the output.
        learn: names of the modules, globs allowed, that learn from the state at the end.

    Raises:
        ValueError: neither or both of `steps` and `until`, a length below 0, a choice that is none of the above, or a
            string for `learn`.
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
            raise ValueError(
                "a phase has either `steps: n` or `until: fixed_point` with `max_steps: n`"
            )
        if (self.until is None) != (self.max_steps is None):
            raise ValueError("`until: fixed_point` and `max_steps: n` go together")
        if not 0 <= self.length < LONGEST:
            what = f"expected 0 or more in a phase, and less than {LONGEST}"
            raise ValueError(f"got {self.length} steps, {what}")

    @property
    def length(self) -> int:
        """The number of steps, at the most."""
        return self.steps if self.steps is not None else self.max_steps or 0


@jax.tree_util.register_static
class Phases(Mapping[str, Phase]):
    """Phases by name, in the order in which they run.

    JAX sorts the keys of a dict that it hands to a compiled function; these are a pytree without leaves, which keeps its order.
    They are hashable, and equal to the same phases in the same order alone.

    Args:
        phases: by name, in order.
        named: further ones, after these.

    Raises:
        TypeError: a value that is no `Phase`.

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


def ordered(phases: Mapping[str, Phase]) -> Phases:
    """Return `phases` as `Phases`; raise TypeError for another mapping of several, whose order JAX may have changed."""
    if not isinstance(phases, Phases) and len(phases) > 1:
        raise TypeError(
            f"got a {type(phases).__name__} of {count_of(len(phases), 'phase')}, which JAX sorts by name; expected Phases: "
            f"write Phases({next(iter(phases))}=…, …), in the order in which they are to run"
        )
    return phases if isinstance(phases, Phases) else Phases(phases)


class Relaxation(NamedTuple):
    """How a relaxation went; `flips` and `converged` are of its last step, averages over the batch."""

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
    held: ClampedMessages | None = None,
) -> tuple[S, Key[Array, ""], Relaxation]:
    """Take the steps of `phase`; return the state, a fresh key, and how it went.

    The messages of the input and the output buffer, which do not change on the way, are computed once, or not at all if `held`
    (what `network.hold` returned) is given.
    """
    held = network.clamped_messages(state, rng) if held is None else held
    if phase.start == "blank":
        state = state.init(state[0], state[-1])

    def step(loop: LoopCarry) -> LoopCarry:
        # The step's key hangs on its number, not on the step before: a network that draws nothing then makes no keys.
        new, _ = network.step(
            loop.state, jax.random.fold_in(noise, loop.steps), phase.messages, held
        )
        return LoopCarry(new, loop.state, loop.steps + 1)

    def watched(now: tuple[LoopCarry, Array]) -> tuple[LoopCarry, Array]:
        loop = step(now[0])
        return loop, jnp.any(
            jnp.array([any_true(buffer) for buffer in changed_units(network, loop)], bool)
        )

    rng, noise = jax.random.split(rng)
    loop = LoopCarry(state, state, jnp.zeros((), jnp.int32))
    if phase.until is None:
        loop = jax.lax.fori_loop(0, phase.length, lambda _, now: step(now), loop)
    else:
        loop, _ = jax.lax.while_loop(
            lambda now: (now[0].steps < phase.length) & now[1], watched, (loop, jnp.array(True))
        )
    last = flips(network, loop)
    return (
        loop.state,
        rng,
        Relaxation(
            loop.steps.astype(jnp.float32), jnp.mean(last), jnp.mean(last == 0, dtype=jnp.float32)
        ),
    )


class LoopCarry(NamedTuple):
    """What one step hands to the next."""

    state: Any
    before: Any
    steps: Array


def changed_units(network: Orchestrator, loop: LoopCarry) -> list[Bool[Array, "batch *size"]]:
    """Return, per hidden buffer, which units the last step changed."""
    return [jnp.abs(loop.state[i] - loop.before[i]) > FLIP_TOLERANCE for i in network.hidden()]


def any_true(units: Bool[Array, "batch *size"]) -> Bool[Array, ""]:
    """Return whether it is true of any unit of any sample.

    Seen unit by unit, as sparse layers store their states, and in parts laid over each other: the compiler makes one pass of
    vector instructions of that. Of a plain `any` it makes several, which cost half a sweep.
    """
    columns = units.reshape(units.shape[0], -1).T.astype(jnp.int32)
    parts = next(n for n in range(PARTS, 0, -1) if len(columns) % n == 0)
    over = jax.lax.optimization_barrier(jnp.bitwise_or.reduce(columns.reshape(parts, -1), axis=0))
    return jnp.bitwise_or.reduce(over) != 0


def flips(network: Orchestrator, loop: LoopCarry) -> Float[Array, " batch"]:
    """Return, per sample, the fraction of hidden units that the last step changed."""
    units = [buffer.reshape(buffer.shape[0], -1) for buffer in changed_units(network, loop)]
    if not units:
        return jnp.zeros(loop.state[0].shape[0], jnp.float32)
    return jnp.mean(jnp.concatenate(units, axis=1), axis=1, dtype=jnp.float32)
