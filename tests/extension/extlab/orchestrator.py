"""An orchestrator."""

import equinox as eqx
import jax
from jaxtyping import Array, Key

from darnax.orchestrators import ClampedMessages, Messages, Orchestrator, StateType


class BackwardOrder(Orchestrator):
    """Layers update from the last to the first, `sweeps` times in every step."""

    sweeps: int = eqx.field(default=1, static=True)

    def step(
        self,
        state: StateType,
        rng: Key[Array, ""],
        messages: Messages = "all",
        held: ClampedMessages | None = None,
    ) -> tuple[StateType, Key[Array, ""]]:
        rng, key = jax.random.split(rng)
        for _ in range(self.sweeps):
            for i in reversed(self.hidden()):
                field = self.field(i, state, key, messages, held)
                state = state.replace_val(i, self.activate(i, field))
        return state, rng
