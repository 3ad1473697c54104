"""What orchestrators have in common: fields of messages, the prediction, the local updates."""

from abc import abstractmethod
from typing import Any, Literal, Self, TypeVar

import equinox as eqx
import jax
from jaxtyping import Array, Key

from darnax.layer_map import Edge, LayerMap
from darnax.printing import count_of
from darnax.shapes import require_shape
from darnax.states import State

StateType = TypeVar("StateType", bound=State)
Messages = Literal["all", "forward", "unsupervised"]
ClampedMessages = dict[Edge, Array]  # messages of clamped buffers, made once for a batch


class Orchestrator(eqx.Module):
    """A network: its connection graph, and the order in which its layers update.

    A subclass defines `step`, with `field`, `activate` and `hidden`; its fields besides `layer_map`
    are the arguments of the configuration, and static.
    """

    layer_map: LayerMap

    @abstractmethod
    def step(
        self,
        state: StateType,
        rng: Key[Array, ""],
        messages: Messages = "all",
        held: ClampedMessages | None = None,
    ) -> tuple[StateType, Key[Array, ""]]:
        """Update every layer but the output once.

        Args:
            state: of the whole network, with a batch.
            rng: a key, for modules that draw; a fresh one is returned.
            messages: which are sent: `all`; `forward`, sender ≤ receiver; `unsupervised`, all but
                those of the output.
            held: what `clamped_messages` returned for this input and output, to spare its
                computation.
        """

    def predict(self, state: StateType, rng: Key[Array, ""]) -> tuple[StateType, Key[Array, ""]]:
        """Return the state with the output's activation of its field in the output buffer."""
        rng, key = jax.random.split(rng)
        output = self.layer_map.output
        return state.replace_val(output, self.activate(output, self.field(output, state, key))), rng

    def backward(
        self,
        state: State,
        rng: Key[Array, ""],
        messages: Messages = "all",
        held: ClampedMessages | None = None,
    ) -> Self:
        """Return the local updates of all modules, −ΔW, from the fields of this state.

        In the shape of the orchestrator.
        """
        return self.updates(state, self.fields(state, rng, messages, held))

    def fields(
        self,
        state: State,
        rng: Key[Array, ""],
        messages: Messages = "all",
        held: ClampedMessages | None = None,
    ) -> dict[int, Array]:
        """Return the field h of every layer."""
        return {i: self.field(i, state, rng, messages, held) for i in self.layer_map.rows()}

    def updates(self, state: State, fields: dict[int, Array]) -> Self:
        """Return the local updates of all modules, −ΔW, from given fields.

        In the shape of the orchestrator.
        """
        self._require_buffers(state)
        items = self.layer_map.edge_items()
        modules = [module.backward(state[j], state[i], fields[i]) for (i, j), module in items]
        return eqx.tree_at(lambda o: o.layer_map, self, self.layer_map.with_modules(modules))

    def clamped_messages(self, state: State, rng: Key[Array, ""]) -> ClampedMessages:
        """Return the messages of the input and of the output buffer, which no step changes."""
        self._require_buffers(state)
        clamped = (0, self.layer_map.output)
        items = self.layer_map.edge_items()
        return {
            (i, j): module(state[j], _key(rng, (i, j)))
            for (i, j), module in items
            if j in clamped and i != j
        }

    def field(
        self,
        receiver: int,
        state: State,
        rng: Key[Array, ""],
        messages: Messages = "all",
        held: ClampedMessages | None = None,
    ) -> Array:
        """Return the field of one layer: its reduction of the messages to it, by their senders.

        Raises:
            ValueError: the state has another number of buffers than the network, or buffers of
                other sizes.
        """
        self._require_buffers(state)
        held = held or {}
        received = []
        for (i, j), module in self.layer_map.edge_items():
            if i == receiver and self.sends(messages, i, j):
                message = held[i, j] if (i, j) in held else module(state[j], _key(rng, (i, j)))
                require_shape(f"the message from buffer {j} to buffer {i}", message, state[i].shape)
                received.append(message)
        field = self._layer(receiver).reduce(received)
        require_shape(f"the field of buffer {receiver}", field, state[receiver].shape)
        return field

    def activate(self, receiver: int, field: Array) -> Array:
        """Return the state that a field leads the layer to."""
        return self._layer(receiver).activation(field)

    def sends(self, messages: Messages, receiver: int, sender: int) -> bool:
        """Whether `receiver` gets a message from `sender` under this choice of messages."""
        if messages == "forward":
            return sender <= receiver
        return messages == "all" or receiver == sender or sender != self.layer_map.output

    def hidden(self) -> tuple[int, ...]:
        """Return the layers that a step updates: all but the output."""
        return self.layer_map.rows()[:-1]

    def _require_buffers(self, state: State) -> None:
        expected = self.layer_map.output + 1
        if len(state) != expected:
            found = count_of(len(state), "buffer")
            raise ValueError(f"got a state of {found}, expected the {expected} of the network")

    def _layer(self, receiver: int) -> Any:
        return self.layer_map[receiver, receiver]


def _key(rng: Key[Array, ""], edge: Edge) -> Key[Array, ""]:
    receiver, sender = edge
    return jax.random.fold_in(jax.random.fold_in(rng, receiver), sender)
