"""The description of a configuration before anything is made: sizes, counts, what learns where."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp

from darnax.builder.build import Built, build_parts
from darnax.builder.deferred_call import DeferredCall
from darnax.builder.network import ModuleSpec
from darnax.builder.optimizers import Groups
from darnax.builder.outline import describe_connectivity, plasticity
from darnax.builder.rates import describe_rate, find_transformation
from darnax.builder.signatures import qualified_name
from darnax.builder.transformations import PROBE
from darnax.builder.wiring import Size
from darnax.learning import init_optimizer, selected_by_phase
from darnax.modules import AbstractModule
from darnax.orchestrators import Orchestrator
from darnax.orchestrators.interface import find_gain
from darnax.phases import Phase, factor_of
from darnax.runner.experiment import Experiment

SHOWN_ELSEWHERE = ("features", "in_features", "out_features", "sparsity", "patch", "width")
OWN_COLUMNS = ("rule", "bias", "connectivity")
WEIGHTS = ("W", "J")  # the fields of darnax's modules, which may be frozen


@dataclass(frozen=True)
class ModuleRow:
    """One module.

    Args:
        name: of the module.
        sender, receiver: positions of its buffers; the same for a layer.
        kind: its class.
        connectivity: the inputs of one receiving unit in a few words; empty without a weight.
        parameters, weights, plastic: its floating-point numbers; how many of them are weights, and
            not self-couplings, margins, strengths or codes; how many training may change.
        settings: the numbers among its arguments, such as `j_d=0.6`, without sizes and sparsity,
            and the classes of its activations.
        rule: the class of its rule, that of its biases, and its third factor; empty without one.
        learns: the phases of training at whose end it learns.
        optimizer, rate: Optax's transformations for its steps, and their learning rate where it is
            known; empty where nothing learns.
        source: the key of the section `optimizer` that they come from: `default`, or `groups.` and
            its name.
        gains: of its message, for each phase of training and then of inference; None where the
            message is not sent.
        is_third_factor: whether the message is a third factor and enters no field.
    """

    name: str
    sender: int
    receiver: int
    kind: str
    connectivity: str
    parameters: int
    weights: int
    plastic: int
    settings: str
    rule: str
    learns: tuple[str, ...]
    optimizer: str = ""
    rate: str = ""
    source: str = ""
    gains: tuple[float | None, ...] = ()
    is_third_factor: bool = False


@dataclass(frozen=True)
class Description:
    """A run before it starts.

    `memory` is the bytes of each part, for all replicas; `score` the phase of training whose scores
    are the training accuracy, None where every phase has seen the label; `orchestrator` the class
    that has the order in which layers are updated.
    """

    name: str
    buffers: tuple[tuple[str, Size], ...]
    modules: tuple[ModuleRow, ...]
    train: Mapping[str, Phase]
    infer: Mapping[str, Phase]
    data: str
    batch_size: int
    replicas: int
    memory: Mapping[str, int]
    score: str | None = None
    orchestrator: str = ""

    @property
    def parameters(self) -> int:
        """Number of floating-point numbers of the network."""
        return sum(module.parameters for module in self.modules)

    @property
    def plastic(self) -> int:
        """Number of those that training may change."""
        return sum(module.plastic for module in self.modules)


def describe(config: Mapping[str, Any]) -> Description:
    """Return the description of a plain, resolved configuration.

    Nothing is compiled and no data are read.

    Raises:
        RequestError: as `build` does.
    """
    result = build_parts(config)
    experiment, plan, network = result
    layer_map = network.layer_map
    spec_of = {spec.edge.name: spec for spec in plan.modules}
    masks = plasticity(network, experiment.train).layer_map.modules
    learns = {name: selected_by_phase(layer_map, phase) for name, phase in experiment.train.items()}
    group_keys = tuple(config["optimizer"].get("groups") or ())
    rows = []
    for n, name in enumerate(layer_map.names):
        phases = [phase for phase, selected in learns.items() if selected[n]]
        row = make_row(spec_of[name], layer_map.modules[n], masks[n], phases)
        row = with_messages(row, network, experiment)
        rows.append(with_optimizer(row, cast(Groups, experiment.make_optimizer), group_keys))
    replicas = experiment.runner.replicas
    return Description(
        name=experiment.name,
        buffers=tuple(zip(plan.buffers.names, plan.buffers.sizes, strict=True)),
        modules=tuple(rows),
        train=experiment.train,
        infer=experiment.infer,
        data=experiment.data.name,
        batch_size=experiment.data.batch_size,
        replicas=replicas,
        memory={part: size * replicas for part, size in estimate_memory(result).items()},
        score=experiment.score,
        orchestrator=type(network).__name__,
    )


def with_messages(row: ModuleRow, network: Orchestrator, experiment: Experiment) -> ModuleRow:
    """Return the row of a module with the gains of its message in all phases."""
    edge, layer_map = (row.receiver, row.sender), network.layer_map
    is_third_factor = edge in layer_map.third_factors().values()
    gains = []
    for phase in (*experiment.train.values(), *experiment.infer.values()):
        gain = find_gain(layer_map, phase.messages, edge)
        if is_third_factor and not isinstance(phase.messages, str):
            gain = factor_of(phase.messages, row.name)
        gains.append(gain)
    return replace(row, gains=tuple(gains), is_third_factor=is_third_factor)


def make_row(
    spec: ModuleSpec, module: AbstractModule, mask: Any, phases: Sequence[str]
) -> ModuleRow:
    """Return the row of one module.

    Args:
        spec: its entry in the plan of the network.
        module: its shapes.
        mask: whether training may change them, in the shape of the module.
        phases: those whose `learn` matches the module.
    """
    parameters, weights, plastic = 0, 0, 0
    named_leaves, _ = jax.tree_util.tree_flatten_with_path(module)
    for (path, leaf), is_plastic in zip(named_leaves, jax.tree.leaves(mask), strict=True):
        if jnp.issubdtype(leaf.dtype, jnp.inexact):
            size = math.prod(leaf.shape)
            parameters += size
            plastic += size if is_plastic else 0
            weights += size if is_plastic or getattr(path[0], "name", "") in WEIGHTS else 0
    transposed = ["transpose=true"] if spec.transpose else []
    return ModuleRow(
        name=spec.edge.name,
        sender=spec.edge.sender,
        receiver=spec.edge.receiver,
        kind=type(module).__name__,
        connectivity=describe_connectivity(module, spec.call.arguments),
        parameters=parameters,
        weights=weights,
        plastic=plastic,
        settings=" ".join([*list_settings(spec.call, SHOWN_ELSEWHERE), *transposed]),
        rule=describe_rule(module),
        learns=tuple(phases) if plastic else (),
    )


def list_settings(call: DeferredCall, without: Collection[str] = ()) -> Iterator[str]:
    """Yield the numbers among the arguments of a constructor, then the calls among them.

    A call is that of its class, without those that have a column of their own, and its settings.
    """
    for name, value in call.arguments.items():
        if name in without:
            continue
        if isinstance(value, bool):
            yield f"{name}={str(value).lower()}"
        elif isinstance(value, float | int):
            yield f"{name}={value:g}"
    for name, value in call.arguments.items():
        if isinstance(value, DeferredCall):
            if name not in OWN_COLUMNS:
                yield f"{name}={qualified_name(value.factory)}"
            for inner in list_settings(value, without if name == "connectivity" else ()):
                yield f"{name}.{inner}"


def describe_rule(module: AbstractModule) -> str:
    """Return the rule of a module, that of its biases, and its third factor; "" for none."""
    rule, bias = getattr(module, "rule", None), getattr(module, "bias", None)
    names = [] if rule is None else [type(rule).__name__]
    if bias is not None:
        names.append(f"{type(bias).__name__} of biases")
    third_factor = getattr(module, "third_factor", None)
    if third_factor is not None:
        names.append(f"third factor {third_factor}")
    return ", ".join(names)


def with_optimizer(row: ModuleRow, optimizer: Any, group_keys: Sequence[str]) -> ModuleRow:
    """Return the row with the transformations that make the module's steps, if it learns."""
    if not row.learns:
        return row
    assert isinstance(optimizer, Groups)  # the builder's own
    source, transformation = find_transformation(row.name, optimizer, group_keys)
    rate = describe_rate(transformation)
    return replace(row, optimizer=str(transformation), rate=rate, source=source)


def estimate_memory(result: Built) -> dict[str, int]:
    """Return the bytes of what one replica keeps in memory while it trains."""
    experiment, _, network = result
    optimizer = experiment.make_optimizer(network, PROBE)
    opt_state = eqx.filter_eval_shape(
        lambda n: init_optimizer(n, optimizer, experiment.train), network
    )
    return {
        "network": count_bytes(network),
        "optimizer": count_bytes(opt_state),
        "states": count_bytes(experiment.state) * experiment.data.batch_size,
    }


def count_bytes(tree: Any) -> int:
    """Return the bytes of all arrays in a tree."""
    return sum(
        math.prod(leaf.shape) * leaf.dtype.itemsize
        for leaf in jax.tree.leaves(tree)
        if hasattr(leaf, "shape")
    )
