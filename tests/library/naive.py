"""The model in plain loops over synapses in float64: the oracle of the tests in this folder."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from darnax.activations import Tanh
from darnax.connectivity import Convolved, Dense, Gated, Pooled, Sparse, SparseSymmetric
from darnax.modules import (
    BinaryUnits,
    Convolution,
    Ferromagnetic,
    FullyConnected,
    OutputLayer,
    RecurrentTanh,
    Units,
)
from darnax.rules import Adatron, Delta, Hebbian, Logistic, Perceptron, SoftmaxDelta

Index = tuple[int, ...]


def synapses(connectivity: Any, pre: Index, post: Index) -> Iterator[tuple[Index, Index, Index]]:
    """Yield (presynaptic unit, postsynaptic unit, entry of the weight) of every synapse."""
    if isinstance(connectivity, Gated):
        yield from synapses(connectivity.inner, pre, post)
    elif isinstance(connectivity, Dense):
        for j, pre_unit in enumerate(np.ndindex(pre)):
            for i, post_unit in enumerate(np.ndindex(post)):
                if not (connectivity.hollow and i == j) and is_present(connectivity, j, i):
                    yield pre_unit, post_unit, (j, i)
    elif isinstance(connectivity, Sparse):
        units, inputs = list(np.ndindex(pre)), np.asarray(connectivity.inputs)
        for i, post_unit in enumerate(np.ndindex(post)):
            for a in range(len(inputs)):
                yield units[inputs[a, i]], post_unit, (a, i)
    elif isinstance(connectivity, Pooled):
        yield from _pooled(connectivity, pre, post)
    elif hasattr(connectivity, "senders"):  # extlab.blocks.BlockSparse
        units, receivers = list(np.ndindex(pre)), list(np.ndindex(post))
        senders = np.asarray(connectivity.senders)
        sending, receiving = len(units) // len(senders), len(receivers) // len(senders)
        for i, receiver in enumerate(receivers):
            first = senders[i // receiving] * sending
            for a in range(sending):
                yield units[first + a], receiver, (a, i)
    else:
        yield from _windows(connectivity, pre, post)


def is_present(connectivity: Dense, j: int, i: int) -> bool:
    """Return whether a layout has the synapse from unit j to unit i."""
    return not isinstance(connectivity, SparseSymmetric) or bool(connectivity.present[j, i])


def _pooled(c: Pooled, pre: Index, post: Index) -> Iterator[tuple[Index, Index, Index]]:
    """Yield every pair of units, with the entry that all units of two windows share."""
    for sender in np.ndindex(pre):
        for receiver in np.ndindex(post):
            yield sender, receiver, (_place(c, sender, pre), _place(c, receiver, post))


def _place(c: Pooled, unit: Index, size: Index) -> int:
    """Return the position of a unit among the pooled ones."""
    if len(size) != 3:
        return int(np.ravel_multi_index(unit, size))
    height, width = _window(c, size)
    rows, columns, channels = size[0] // height, size[1] // width, size[2]
    row, column, channel = unit[0] // height, unit[1] // width, unit[2]
    assert row < rows
    return (row * columns + column) * channels + channel


def scale(connectivity: Any, pre: Index) -> float:
    """Return the factor of every synapse: an average over a window has that of its size."""
    pooled = isinstance(connectivity, Pooled) and len(pre) == 3
    return 1 / np.prod(_window(connectivity, pre)) if pooled else 1.0


def _window(c: Pooled, size: Index) -> Index:
    return size[:2] if c.window is None else (c.window, c.window)


def _windows(c: Convolved, pre: Index, post: Index) -> Iterator[tuple[Index, Index, Index]]:
    centre = (c.width // 2, c.width // 2)
    pads = [_pad(c, pre[axis], post[axis]) for axis in (0, 1)]
    sending, receiving = pre[2] // c.groups, post[2] // c.groups  # channels of one group
    for p, q, out in np.ndindex(post):
        for a, b, into in np.ndindex(c.width, c.width, sending):
            rows, columns = (_input_row(c, place) for place in (p, q))
            r, s = rows(a - pads[0]), columns(b - pads[1])
            if c.padding == "CIRCULAR":
                r, s = r % pre[0], s % pre[1]
            inside = r is not None and s is not None and 0 <= r < pre[0] and 0 <= s < pre[1]
            if inside and not (c.hollow and (a, b) == centre and into == out):
                channel = out // receiving * sending + into
                yield (int(r), int(s), channel), (p, q, out), (a, b, into, out)


def _input_row(c: Convolved, place: int) -> Any:
    """Return the row (or column) at an offset in the window of the unit at `place`, or None."""
    if not c.transposed:
        return lambda offset: place * c.stride + offset
    return lambda offset: (place + offset) // c.stride if (place + offset) % c.stride == 0 else None


def _pad(c: Convolved, before: int, after: int) -> int:
    """Return the pixels of padding ahead of the image along one axis."""
    if isinstance(c.padding, int):
        return c.padding
    if c.transposed:  # every pixel spreads over a window; SAME crops the margins evenly
        return c.width - 1 - (max(c.width - c.stride, 0) // 2 if c.padding == "SAME" else 0)
    same = max((after - 1) * c.stride + c.width - before, 0) // 2
    return 0 if c.padding == "VALID" else same


def message(connectivity: Any, weight: Any, x: Any, post: Index) -> np.ndarray:
    x, weight = np.asarray(x, np.float64), np.asarray(weight, np.float64)
    x = x * scale(connectivity, x.shape[1:])
    field = np.zeros((len(x), *post))
    for pre_unit, post_unit, entry in synapses(connectivity, x.shape[1:], post):
        for b in range(len(x)):
            field[b, *post_unit] += weight[entry] * x[b, *pre_unit]
    return field


def correlate(connectivity: Any, shape: Index, fan_in: int, x: Any, e: Any) -> np.ndarray:
    """ΔW = (1/√(B·fan_in)) Σ_b x_b ⊗ e_b."""
    x, e = np.asarray(x, np.float64), np.asarray(e, np.float64)
    x = x * scale(connectivity, x.shape[1:])
    change = np.zeros(shape)
    for pre_unit, post_unit, entry in synapses(connectivity, x.shape[1:], e.shape[1:]):
        for b in range(len(x)):
            change[entry] += x[b, *pre_unit] * e[b, *post_unit] / np.sqrt(len(x) * fan_in)
    return change


def signal(rule: Any, y: Any, h: Any) -> np.ndarray:
    y, h = np.asarray(y, np.float64), np.asarray(h, np.float64)
    e = np.zeros_like(y)
    margins = np.broadcast_to(np.asarray(getattr(rule, "margin", 0.0), np.float64), y.shape[1:])
    for place in np.ndindex(y.shape):
        missing = margins[place[1:]] - y[place] * h[place]
        if isinstance(rule, Perceptron):
            e[place] = y[place] if missing >= 0 else 0
        elif isinstance(rule, Adatron):
            e[place] = y[place] * missing if missing > 0 else 0
        elif isinstance(rule, Logistic):
            e[place] = y[place] / (1 + np.exp(-rule.steepness * missing))
        elif isinstance(rule, Delta):
            e[place] = y[place] - h[place]
        elif isinstance(rule, Hebbian):
            e[place] = np.tanh(y[place]) if isinstance(rule.activation, Tanh) else y[place]
        elif isinstance(rule, SoftmaxDelta):
            e[place] = (y[place] > 0) - np.exp(h[place]) / np.sum(np.exp(h[place[:-1]]))
    return e


def read(module: Any, x: np.ndarray) -> np.ndarray:
    """Return what the synapses of a module read of the buffer x."""
    return np.tanh(x) if isinstance(getattr(module, "presynaptic", None), Tanh) else x


def message_of(module: Any, x: Any, post: Index) -> np.ndarray:
    """Return the message that any module of the library makes of the buffer x."""
    x = np.asarray(x, np.float64)
    if isinstance(module, OutputLayer | BinaryUnits):
        return np.zeros_like(x)
    if isinstance(module, Ferromagnetic):
        return np.asarray(module.strength, np.float64) * x
    if isinstance(module, FullyConnected | Convolution):
        return message(module.connectivity, module.W, read(module, x), post)
    if isinstance(module, Units) and module.J is None:
        return np.asarray(module.J_D, np.float64) * x
    return message(module.connectivity, module.J, x, post) + np.asarray(module.J_D, np.float64) * x


def activated(layer: Any, h: np.ndarray) -> np.ndarray:
    if isinstance(layer, OutputLayer):
        return h
    smooth = isinstance(layer, RecurrentTanh) or isinstance(getattr(layer, "rho", None), Tanh)
    return np.tanh(h) if smooth else np.where(h >= 0, 1.0, -1.0)


def is_sent(messages: str, receiver: int, sender: int, last: int) -> bool:
    return {
        "all": True,
        "forward": sender <= receiver,
        "unsupervised": sender != last or receiver == last,
    }[messages]


def gain(network: Any, messages: Any, i: int, j: int) -> float | None:
    """Return the gain of the message from j to i in a phase, or None if it is not sent."""
    layer_map = network.layer_map
    if isinstance(messages, str):
        return 1.0 if is_sent(messages, i, j, layer_map.output) else None
    name = layer_map.names[layer_map.edges.index((i, j))]
    pattern = {glob: glob.replace("*", ".*").replace("?", ".") for glob in messages}
    matching = [glob for glob in messages if re.fullmatch(pattern[glob], name)]
    if not matching:
        return None
    closest = max(matching, key=lambda glob: len(glob.replace("*", "").replace("?", "")))
    return float(messages[closest]) if isinstance(messages, Mapping) else 1.0


def receives(network: Any, messages: Any, i: int) -> bool:
    senders = [j for receiver, j in network.layer_map.edges if receiver == i]
    return any(gain(network, messages, i, j) is not None for j in senders)


def field(network: Any, buffers: list[np.ndarray], i: int, messages: Any = "all") -> np.ndarray:
    """Return the field of layer i, from a list with one array per buffer."""
    total = np.zeros_like(buffers[i], np.float64)
    if not receives(network, messages, i):
        return total
    for (receiver, j), module in network.layer_map.edge_items():
        if receiver != i:
            continue
        factor = gain(network, messages, i, j)
        if factor is None and i == j:
            factor = 1.0  # a choice of names is one of messages between layers
        if factor is not None:
            total += factor * message_of(module, buffers[j], buffers[i].shape[1:])
    return total


def step(
    network: Any, buffers: list[np.ndarray], messages: Any = "all", parallel: bool = False
) -> list[np.ndarray]:
    """Return the buffers after one sweep over the layers 1 … L−1."""
    new = list(buffers)
    for i in range(1, len(buffers) - 1):
        if receives(network, messages, i):
            h = field(network, buffers if parallel else new, i, messages)
            new[i] = activated(network.layer_map[i, i], h)
    return new


def change(module: Any, x: Any, y: Any, h: Any) -> np.ndarray | None:
    """Return ΔW of a module of the library, or None where nothing can learn."""
    rule = getattr(module, "rule", None)
    if rule is None:
        return None
    weight = module.W if hasattr(module, "W") else module.J
    connectivity = module.connectivity
    return correlate(
        connectivity,
        weight.shape,
        fan_in(connectivity, weight.shape),
        read(module, x),
        signal(rule, y, h),
    )


def fan_in(connectivity: Any, shape: Index) -> int:
    """Return the number of a unit's synapses, from the weight's layout."""
    return int(np.prod(shape[:3])) if isinstance(connectivity, Convolved) else shape[0]
