"""Layers update in order, each from the new states of the earlier ones."""

import jax
from jaxtyping import Array, Key

from darnax.orchestrators.interface import ClampedMessages, Orchestrator, StateType
from darnax.phases import Messages


class SequentialOrchestrator(Orchestrator):
    """Gauss-Seidel order: layer l uses new states of the layers before it, old ones of the rest."""

    def step(
        self,
        state: StateType,
        rng: Key[Array, ""],
        messages: Messages = "all",
        clamped: ClampedMessages | None = None,
    ) -> tuple[StateType, Key[Array, ""]]:
        rng, key = jax.random.split(rng)
        for i in self.updated(messages):
            field = self.field(i, state, key, messages, clamped)
            state = state.replace_val(i, self.next_state(i, state, field))
        return state, rng
