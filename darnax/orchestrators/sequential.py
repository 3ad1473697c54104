"""Layers update in order, each from the new states of the earlier ones."""

import jax
from jaxtyping import Array, Key

from darnax.orchestrators.interface import ClampedMessages, Messages, Orchestrator, StateType


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
        for i in self.hidden():
            field = self.field(i, state, key, messages, clamped)
            state = state.replace_val(i, self.activate(i, field))
        return state, rng
