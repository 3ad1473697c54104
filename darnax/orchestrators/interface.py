"""The base of all orchestrators: fields from messages, the prediction, and the local updates."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Self, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from darnax.layer_map import Edge, LayerMap
from darnax.phases import UNSCALED, Messages, factor_of
from darnax.printing import count_of
from darnax.shapes import require_shape
from darnax.states import State

StateType = TypeVar("StateType", bound=State)
ClampedMessages = dict[Edge, Array]  # messages of clamped buffers, computed once for a batch
ThirdFactors = dict[Edge, Array]  # messages that do not enter a field: third factors of a rule


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
            messages: which are sent, as in a `Phase`.
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
        fields = self.fields(state, rng, messages, clamped)
        return self.updates(state, fields, self.third_factors(state, rng, messages))

    def fields(
        self,
        state: State,
        rng: Key[Array, ""],
        messages: Messages = "all",
        clamped: ClampedMessages | None = None,
    ) -> dict[int, Array]:
        """Return the field h of every layer; 0 for a layer that receives no message."""
        found = {}
        receivers = find_receivers(self.layer_map, messages)
        for i in self.layer_map.rows():
            if i in receivers:
                found[i] = self.field(i, state, rng, messages, clamped)
            else:
                found[i] = jnp.zeros_like(state[i])
        return found

    def third_factors(
        self, state: State, rng: Key[Array, ""], messages: Messages = "all"
    ) -> ThirdFactors:
        """Return the messages of the edges that modules name as their third factor.

        Each is multiplied by its gain, where `messages` is a mapping that names it, and present in
        any case.
        """
        names = self.layer_map.names_by_edge()
        found: ThirdFactors = {}
        for edge in self.layer_map.third_factors().values():
            adapter: Any = self.layer_map[edge]
            message = adapter(state[edge[1]], _fold_in_edge(rng, edge))
            gain = None if isinstance(messages, str) else factor_of(messages, names[edge])
            found[edge] = message if gain is None or gain is UNSCALED else gain * message
        return found

    def updates(
        self,
        state: State,
        fields: Mapping[int, Array],
        third_factors: ThirdFactors | None = None,
        targets: State | None = None,
    ) -> Self:
        """Return −ΔW of all modules for given fields, in the shape of the orchestrator.

        Args:
            state: of the network; each module reads the buffer of its sender.
            fields: layer -> its field.
            third_factors: edge -> its message, of the edges that modules name.
            targets: the state that receivers are to learn; by default `state`.
        """
        self._require_buffers(state)
        to_learn = state if targets is None else targets
        self._require_buffers(to_learn)
        named = self.layer_map.third_factors()
        modules = []
        module: Any  # those with a third factor take it as a fourth argument
        for (i, j), module in self.layer_map.edge_items():
            activity = (state[j], to_learn[i], fields[i])
            if (i, j) in named:
                modules.append(module.backward(*activity, (third_factors or {})[named[i, j]]))
            else:
                modules.append(module.backward(*activity))
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
            if i != receiver:
                continue
            gain = find_gain(self.layer_map, messages, (i, j))
            if gain is None and i == j:
                gain = UNSCALED  # the field of a layer that receives nothing is its own message
            if gain is None:
                if j < i and self._layer(i).reads_by_place:
                    received.append(jnp.zeros_like(state[i]))
                continue
            message = known.get((i, j))
            if message is None:
                message = module(state[j], _fold_in_edge(rng, (i, j)))
            require_shape(f"the message from buffer {j} to buffer {i}", message, state[i].shape)
            received.append(message if gain is UNSCALED else gain * message)
        field = self._layer(receiver).reduce(received)
        require_shape(f"the field of buffer {receiver}", field, state[receiver].shape)
        return field

    def activate(self, receiver: int, field: Array) -> Array:
        """Return the new state of a layer with this field."""
        return self._layer(receiver).activation(field)

    def next_state(self, receiver: int, state: State, field: Array) -> Array:
        """Return the new state of a layer with this field, given the state of the network."""
        return self._layer(receiver).next_state(state[receiver], field)

    def gain(self, messages: Messages, receiver: int, sender: int) -> Any:
        """Return the gain of the message from `sender` to `receiver`; None if it is not sent."""
        return find_gain(self.layer_map, messages, (receiver, sender))

    def sends(self, messages: Messages, receiver: int, sender: int) -> bool:
        """Return whether this choice of messages includes the one from `sender` to `receiver`."""
        return find_gain(self.layer_map, messages, (receiver, sender)) is not None

    def receives(self, messages: Messages, receiver: int) -> bool:
        """Return whether this choice of messages includes any to `receiver`."""
        return receiver in find_receivers(self.layer_map, messages)

    def hidden(self) -> tuple[int, ...]:
        """Return the layers between input and output."""
        return self.layer_map.rows()[:-1]

    def updated(self, messages: Messages) -> tuple[int, ...]:
        """Return the layers that a step updates: all but the output that receive a message."""
        receivers = find_receivers(self.layer_map, messages)
        return tuple(i for i in self.hidden() if i in receivers)

    def _require_buffers(self, state: State) -> None:
        expected = self.layer_map.output + 1
        if len(state) != expected:
            got = count_of(len(state), "buffer")
            raise ValueError(f"got a state of {got}, expected the {expected} of the network")

    def _layer(self, receiver: int) -> Any:
        return self.layer_map[receiver, receiver]


# Functions, not methods: for every access to a method Equinox makes a new object of the network,
# in a time that grows with the network, and tracing asks for every message.


def find_gain(layer_map: LayerMap, messages: Messages, edge: Edge) -> Any:
    """Return the gain of the message on an edge; None if it is not sent, or is a third factor.

    A choice of names is one of messages between layers: a layer that receives one of them
    receives its own message as well.
    """
    receiver, sender = edge
    gain = find_chosen_gain(layer_map, messages, edge)
    if gain is None and receiver == sender and receiver in find_receivers(layer_map, messages):
        return UNSCALED
    return gain


def find_chosen_gain(layer_map: LayerMap, messages: Messages, edge: Edge) -> Any:
    """Return the gain that a choice of messages gives to an edge; None if it leaves it out."""
    receiver, sender = edge
    if any(edge == brought for _, brought in layer_map.brought):
        return None
    if messages == "forward":
        is_sent = sender <= receiver
    elif messages == "all":
        is_sent = True
    elif messages == "unsupervised":
        is_sent = receiver == sender or sender != layer_map.output
    else:
        return factor_of(messages, layer_map.names[layer_map.edges.index(edge)])
    return UNSCALED if is_sent else None


def find_receivers(layer_map: LayerMap, messages: Messages) -> set[int]:
    """Return the layers that receive a message of this choice."""
    edges = layer_map.edges
    return {edge[0] for edge in edges if find_chosen_gain(layer_map, messages, edge) is not None}


def _fold_in_edge(rng: Key[Array, ""], edge: Edge) -> Key[Array, ""]:
    """Return the key of one edge: modules on different edges draw independent numbers."""
    receiver, sender = edge
    return jax.random.fold_in(jax.random.fold_in(rng, receiver), sender)
