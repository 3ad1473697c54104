"""All layers update at once, from the old state."""

import jax
from jaxtyping import Array, Key

from darnax.orchestrators.interface import ClampedMessages, Messages, Orchestrator, StateType


class ParallelOrchestrator(Orchestrator):
    """Jacobi order: every layer uses the states of the previous step."""

    def step(
        self,
        state: StateType,
        rng: Key[Array, ""],
        messages: Messages = "all",
        clamped: ClampedMessages | None = None,
    ) -> tuple[StateType, Key[Array, ""]]:
        rng, key = jax.random.split(rng)
        fields = {i: self.field(i, state, key, messages, clamped) for i in self.hidden()}
        for i, field in fields.items():
            state = state.replace_val(i, self.activate(i, field))
        return state, rng
