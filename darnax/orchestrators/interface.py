"""The base of all orchestrators: fields from messages, the prediction, and the local updates."""

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
ClampedMessages = dict[Edge, Array]  # messages of clamped buffers, computed once for a batch


class Orchestrator(eqx.Module):
    """A network: its layer map, and (in the concrete classes) the order in which layers update.

    A subclass defines `step`, with `field`, `activate` and `hidden`; its fields besides `layer_map`
    are the arguments of the configuration, and static.
    """

    layer_map: LayerMap

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.layer_map!r})"

    def _repr_html_(self) -> str:
        return f"<p>{type(self).__name__}</p>{self.layer_map._repr_html_()}"

    @abstractmethod
    def step(
        self,
        state: StateType,
        rng: Key[Array, ""],
        messages: Messages = "all",
        clamped: ClampedMessages | None = None,
    ) -> tuple[StateType, Key[Array, ""]]:
        """Update every layer but the output once.

        Args:
            state: of the whole network, with a batch.
            rng: a key, for modules that draw random numbers.
            messages: which are sent: `all`; `forward`, sender ≤ receiver; `unsupervised`, all but
                those of the output.
            clamped: the result of `clamped_messages` for this input and output, so that they are
                not computed again.

        Returns:
            The new state and a fresh key.
        """

    def predict(self, state: StateType, rng: Key[Array, ""]) -> tuple[StateType, Key[Array, ""]]:
        """Return the state with the output layer's activation in its buffer, and a fresh key."""
        rng, key = jax.random.split(rng)
        output = self.layer_map.output
        field = self.field(output, state, key)
        return state.replace_val(output, self.activate(output, field)), rng

    def backward(
        self,
        state: State,
        rng: Key[Array, ""],
        messages: Messages = "all",
        clamped: ClampedMessages | None = None,
    ) -> Self:
        """Return −ΔW of all modules at this state, in the shape of the orchestrator."""
        return self.updates(state, self.fields(state, rng, messages, clamped))

    def fields(
        self,
        state: State,
        rng: Key[Array, ""],
        messages: Messages = "all",
        clamped: ClampedMessages | None = None,
    ) -> dict[int, Array]:
        """Return the field h of every layer."""
        return {i: self.field(i, state, rng, messages, clamped) for i in self.layer_map.rows()}

    def updates(self, state: State, fields: dict[int, Array]) -> Self:
        """Return −ΔW of all modules for given fields, in the shape of the orchestrator."""
        self._require_buffers(state)
        items = self.layer_map.edge_items()
        modules = [module.backward(state[j], state[i], fields[i]) for (i, j), module in items]
        return eqx.tree_at(lambda o: o.layer_map, self, self.layer_map.with_modules(modules))

    def clamped_messages(self, state: State, rng: Key[Array, ""]) -> ClampedMessages:
        """Return the messages of the input and of the output buffer, which no step changes."""
        self._require_buffers(state)
        senders = (0, self.layer_map.output)
        found = {}
        for (i, j), module in self.layer_map.edge_items():
            if j in senders and i != j:
                found[i, j] = module(state[j], _fold_in_edge(rng, (i, j)))
        return found

    def field(
        self,
        receiver: int,
        state: State,
        rng: Key[Array, ""],
        messages: Messages = "all",
        clamped: ClampedMessages | None = None,
    ) -> Array:
        """Return the field of one layer: the reduction of its messages, in the order of senders.

        Raises:
            ValueError: the number of buffers of the state, or a size, is not that of the network.
        """
        self._require_buffers(state)
        known = clamped or {}
        received = []
        for (i, j), module in self.layer_map.edge_items():
            if i != receiver or not self.sends(messages, i, j):
                continue
            message = known.get((i, j))
            if message is None:
                message = module(state[j], _fold_in_edge(rng, (i, j)))
            require_shape(f"the message from buffer {j} to buffer {i}", message, state[i].shape)
            received.append(message)
        field = self._layer(receiver).reduce(received)
        require_shape(f"the field of buffer {receiver}", field, state[receiver].shape)
        return field

    def activate(self, receiver: int, field: Array) -> Array:
        """Return the new state of a layer with this field."""
        return self._layer(receiver).activation(field)

    def sends(self, messages: Messages, receiver: int, sender: int) -> bool:
        """Return whether this choice of messages includes the one from `sender` to `receiver`."""
        if messages == "forward":
            return sender <= receiver
        return messages == "all" or receiver == sender or sender != self.layer_map.output

    def hidden(self) -> tuple[int, ...]:
        """Return the layers that a step updates: all but the output."""
        return self.layer_map.rows()[:-1]

    def _require_buffers(self, state: State) -> None:
        expected = self.layer_map.output + 1
        if len(state) != expected:
            got = count_of(len(state), "buffer")
            raise ValueError(f"got a state of {got}, expected the {expected} of the network")

    def _layer(self, receiver: int) -> Any:
        return self.layer_map[receiver, receiver]


def _fold_in_edge(rng: Key[Array, ""], edge: Edge) -> Key[Array, ""]:
    """Return the key of one edge: modules on different edges draw independent numbers."""
    receiver, sender = edge
    return jax.random.fold_in(jax.random.fold_in(rng, receiver), sender)
