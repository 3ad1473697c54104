"""All layers update at once, from the old state."""

import jax
from jaxtyping import Array, Key

from darnax.orchestrators.interface import ClampedMessages, Orchestrator, StateType
from darnax.phases import Messages


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
        fields = {i: self.field(i, state, key, messages, clamped) for i in self.updated(messages)}
        for i, field in fields.items():
            state = state.replace_val(i, self.next_state(i, state, field))
        return state, rng
