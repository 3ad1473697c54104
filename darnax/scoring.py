"""The phase of training that is scored: one whose scores do not depend on the label."""

from collections.abc import Mapping, Set

import jax

from darnax.modules import AbstractModule, OutputLayer
from darnax.orchestrators import Orchestrator
from darnax.phases import Phase


def scoring_phase(network: Orchestrator, phases: Mapping[str, Phase]) -> str | None:
    """Return the phase whose scores give the training accuracy; None if all depend on the label.

    It is the last label-free phase at whose end the readout learns, or else the last label-free
    phase, of those in which the readout receives a message. Where all phases but the first keep the
    state of a phase with the label, as in the published schedule, it is the first.
    """
    layer_map = network.layer_map
    label_free = []
    for phase in label_free_phases(network, phases):
        if sending(network, phases[phase], layer_map.output):
            label_free.append(phase)
    readout = []
    for (receiver, _), name, module in zip(
        layer_map.edges, layer_map.names, layer_map.modules, strict=True
    ):
        if receiver == layer_map.output and is_plastic(module):
            readout.append(name)
    with_learning = []
    for phase in label_free:
        if any(phases[phase].factor(name) is not None for name in readout):
            with_learning.append(phase)
    candidates = with_learning or label_free
    return candidates[-1] if candidates else None


def label_free_phases(network: Orchestrator, phases: Mapping[str, Phase]) -> list[str]:
    """Return the phases at whose end the scores of the readout do not depend on the label.

    The label reaches a layer that receives a message of the output, or of a layer that the label
    has reached. A recurrent layer keeps a memory of it while it relaxes without feedback, so that
    only a phase that starts `blank`, `random`, or from an earlier phase undoes this.
    """
    output = network.layer_map.output
    # Another layer in this place may send a message from the clamped output to itself.
    if not isinstance(network.layer_map[output, output], OutputLayer):
        return []
    label_free = []
    reached: Set[int] = frozenset()
    at_end: dict[str, Set[int]] = {}
    for name, phase in phases.items():
        if phase.start in ("blank", "random"):
            reached = frozenset()
        elif phase.start != "keep":
            reached = at_end[phase.start]
        if phase.length > 0:
            reached = spread_label(network, phase, reached)
        at_end[name] = reached
        senders = sending(network, phase, output)
        if not senders & reached:
            label_free.append(name)
    return label_free


def spread_label(network: Orchestrator, phase: Phase, reached: Set[int]) -> Set[int]:
    """Return the hidden layers that the label has reached after a phase, given those before."""
    output = network.layer_map.output
    sources = set(reached) if phase.target == "none" else {*reached, output}
    senders = {receiver: sending(network, phase, receiver) for receiver in network.hidden()}
    for _ in senders:  # the longest path
        for receiver in senders:
            if senders[receiver] & sources:
                sources.add(receiver)
    return frozenset(sources - {output})


def sending(network: Orchestrator, phase: Phase, receiver: int) -> set[int]:
    """Return the other buffers from which a layer receives messages in a phase.

    A gain that is known to be 0 is that of no message; inside a compiled function none is known.
    """
    senders = set()
    for i, j in network.layer_map.edges:
        if i != receiver or i == j:
            continue
        gain = network.gain(phase.messages, i, j)
        if gain is not None and not (isinstance(gain, int | float) and gain == 0):
            senders.add(j)
    return senders


def is_plastic(module: AbstractModule) -> bool:
    """Return whether training may change any array of a module."""
    return any(jax.tree.leaves(module.plastic()))
