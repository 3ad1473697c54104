"""Units update one after the other, or a few at a time, in an order drawn anew for every sweep."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from darnax.orchestrators.interface import ClampedMessages, Messages, Orchestrator, StateType


class AsynchronousOrchestrator(Orchestrator):
    """Random order: every unit, in every sample, draws one of the `turns` and updates in it, once.

    It receives the new states of the units of earlier turns. With one turn this is the sequential
    order; with many more turns than units they update one by one. As every unit has its turn, a
    step in which nothing flips has found a fixed point, and these are the fixed points of every
    other order. A step costs `turns` times as much as one of the others.

    Args:
        layer_map: the wiring.
        turns: of a step.

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
        held: ClampedMessages | None = None,
    ) -> tuple[StateType, Key[Array, ""]]:
        rng, order, noise = jax.random.split(rng, 3)
        drawn = {
            i: jax.random.randint(jax.random.fold_in(order, i), state[i].shape, 0, self.turns)
            for i in self.hidden()
        }

        def turn(t: Array, state: StateType) -> StateType:
            key = jax.random.fold_in(noise, t)
            for i, turns in drawn.items():
                new = self.activate(i, self.field(i, state, key, messages, held))
                state = state.replace_val(i, jnp.where(turns == t, new, state[i]))
            return state

        return jax.lax.fori_loop(0, self.turns, turn, state), rng
