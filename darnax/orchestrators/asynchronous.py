"""Units update one after the other, or a few at a time, in a new random order in every sweep."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from darnax.orchestrators.interface import ClampedMessages, Orchestrator, StateType
from darnax.phases import Messages


class AsynchronousOrchestrator(Orchestrator):
    """Random order: every unit of every sample draws one of the `turns` of a step to update in.

    It uses the new states of the units of earlier turns. With one turn this is the sequential
    order; with many more turns than units they update one by one. As every unit has its turn, a
    step in which no unit flips has found a fixed point, and the fixed points are those of every
    other order. A step costs `turns` times as much as one of the others.

    Args:
        layer_map: the modules on the edges of the connection graph.
        turns: number of turns in a step.

    Raises:
        ValueError: fewer than one turn.
    """

    turns: int = eqx.field(static=True, default=10)

    def __check_init__(self) -> None:
        if self.turns < 1:
            raise ValueError(f"got turns={self.turns}, expected at least one turn in a step")

    def step(
        self,
        state: StateType,
        rng: Key[Array, ""],
        messages: Messages = "all",
        clamped: ClampedMessages | None = None,
    ) -> tuple[StateType, Key[Array, ""]]:
        rng, order, noise = jax.random.split(rng, 3)
        turn_of = {}  # hidden buffer -> the turn of each of its units
        for i in self.updated(messages):
            key = jax.random.fold_in(order, i)
            turn_of[i] = jax.random.randint(key, state[i].shape, 0, self.turns)

        def update(turn: Array, state: StateType) -> StateType:
            key = jax.random.fold_in(noise, turn)
            for i, turns in turn_of.items():
                field = self.field(i, state, key, messages, clamped)
                new = self.next_state(i, state, field)
                state = state.replace_val(i, jnp.where(turns == turn, new, state[i]))
            return state

        return jax.lax.fori_loop(0, self.turns, update, state), rng
