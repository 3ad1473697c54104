"""From a resolved configuration to an experiment, or to everything that is wrong with it."""

import math
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

import equinox as eqx
import jax

from darnax.builder.calls import DeferredCall, Reader
from darnax.builder.choices import check_ends, read_data, read_runner
from darnax.builder.modules import check_modules, check_reductions, infer_shapes
from darnax.builder.network import NetworkFactory, NetworkSpec, read_plan
from darnax.builder.observables import check_observables, read_observables
from darnax.builder.optimizers import Groups, check_optimizer, read_optimizer
from darnax.builder.phases import read_phases
from darnax.builder.problems import Problems
from darnax.builder.specification import (
    SECTIONS,
    SEEDS,
    Configuration,
    Dynamics,
    Model,
    Runner,
    read,
)
from darnax.builder.trackers import read_tracking
from darnax.errors import first_line
from darnax.files import expand_user
from darnax.learning import trainable_mask
from darnax.orchestrators import Orchestrator
from darnax.printing import count_of
from darnax.relaxation import Phase, Phases
from darnax.reports.configuration import without_computed
from darnax.runner.experiment import Experiment
from darnax.runner.jax_settings import require_usable
from darnax.states import State

EVERYTHING_LEARNS = Phases(all=Phase(steps=0, learn=("*",)))


class Built(NamedTuple):
    """An experiment, the plan of its network, and the network's shapes."""

    experiment: Experiment
    plan: NetworkSpec
    shapes: Orchestrator


def build(config: Mapping[str, Any], *, existing: bool = False) -> Experiment:
    """Return the experiment that a plain, resolved configuration describes.

    Nothing is compiled, no network is made and no data are touched: modules are looked at by their shapes alone.

    Args:
        config: the configuration.
        existing: whether it is that of a run which exists, and in which a module may have been left out of every `learn`.

    Raises:
        RequestError: with everything that is wrong, each with its path in the YAML, what was given and expected, what to do.
    """
    return build_parts(config, existing=existing).experiment


def build_parts(config: Mapping[str, Any], *, existing: bool = False) -> Built:
    """Return what `build` returns, and what it is made of."""
    require_usable()
    config = without_computed(config)  # of a config.yaml that is handed over as it was read
    problems = Problems()
    root = read(Configuration, config, "", problems)
    present = {name: config[name] for name in SECTIONS if isinstance(config.get(name), Mapping)}
    sections = {name: read(SECTIONS[name], node, name, problems) for name, node in present.items()}
    model, dynamics, optimizer, data, runner, tracking, paths = map(sections.get, SECTIONS)
    reader = Reader(problems, root.trust if root else trust_of(config))

    plan = apply_if_complete(read_plan, model, reader)
    plan = apply_if_complete(check_modules, plan, problems)
    names = plan.names if plan else ()
    state = apply_if_complete(read_state, model, plan, reader)
    orchestrator = apply_if_complete(read_orchestrator, dynamics, reader)
    phases = apply_if_complete(read_dynamics, dynamics, names, reader)
    make_optimizer = apply_if_complete(read_optimizer, optimizer, names, reader)
    data_choice = apply_if_complete(read_data, data, paths, reader)
    apply_if_complete(check_ends, data_choice, plan, reader)
    runner_choice = apply_if_complete(read_runner, runner)
    apply_if_complete(check_seeds, root, runner, problems)
    tracking_choice = apply_if_complete(read_tracking, tracking, reader)
    observables = apply_if_complete(lambda known: read_observables(known.observables, reader), root)
    outputs = apply_if_complete(lambda section: expand_user(section.outputs), paths)
    problems.settle()

    assert root is not None
    experiment = Experiment(
        name=root.name,
        seed=root.seed,
        config=config,
        make_network=NetworkFactory(plan.seats, orchestrator),
        state=state,
        train=phases[0],
        infer=phases[1],
        make_optimizer=make_optimizer,
        data=data_choice,
        runner=runner_choice,
        tracking=tracking_choice,
        outputs=outputs,
        observables=observables,
    )
    shapes = check_network(experiment, plan, problems)
    problems.settle()
    experiment = check_observables(experiment, problems)
    problems.settle()
    if experiment.runner.epochs and not existing:
        check_learning(experiment.train, plan, shapes, problems)
        problems.settle()
    return Built(experiment, plan, shapes)


def apply_if_complete(function: Callable[..., Any], *parts: Any) -> Any:
    """Return `function(*parts)`, or None where a part is missing: its problem has been noted."""
    return None if any(part is None for part in parts) else function(*parts)


def check_seeds(root: Configuration, runner: Runner, problems: Problems) -> None:
    """Note a seed to which no room is left for those of the replicas."""
    if root.seed + runner.replicas > SEEDS:
        replicas = count_of(runner.replicas, "replica")
        what = f"got {root.seed}, expected at most {SEEDS - runner.replicas}: each of {replicas} has the next"
        problems.add("seed", what)


def trust_of(config: Mapping[str, Any]) -> list[str]:
    """Return the trusted packages of a configuration that has other problems."""
    trust = config.get("trust")
    return (
        [package for package in trust if isinstance(package, str)]
        if isinstance(trust, list)
        else []
    )


def read_state(model: Model, plan: NetworkSpec, reader: Reader) -> State | None:
    """Return the state of the network, with a batch of 1."""
    call = reader.call(model.state, "model.state", State, ("sizes",))
    try:
        return None if call is None else call(sizes=plan.buffers.sizes)
    except Exception as error:  # states of other packages may raise anything
        reader.problems.add("model.state", first_line(error))
    return None


def read_orchestrator(dynamics: Dynamics, reader: Reader) -> DeferredCall | None:
    """Return the constructor of the network; what it is given besides the modules are choices, no numbers to sweep over."""
    call = reader.call(dynamics.orchestrator, "dynamics.orchestrator", Orchestrator, ("layer_map",))
    return None if call is None else call.with_numbers_compiled_in()


def read_dynamics(dynamics: Dynamics, names: tuple[str, ...], reader: Reader) -> tuple[Any, Any]:
    """Return the phases of training and those of inference."""
    train = read_phases(dynamics.train, "dynamics.train", names, reader)
    return train, read_phases(dynamics.infer, "dynamics.infer", names, reader)


def check_network(experiment: Experiment, plan: NetworkSpec, problems: Problems) -> Any:
    """Return the shapes of the network; note a network that cannot be made, or that could only pretend to train."""
    key = jax.eval_shape(lambda: jax.random.key(0))
    with problems.at("dynamics.orchestrator"):
        shapes = infer_shapes(experiment.make_network, key)
        check_reductions(
            plan, shapes, (*experiment.train.values(), *experiment.infer.values()), problems
        )
        if experiment.runner.epochs and not any(
            jax.tree.leaves(plasticity(shapes, experiment.train))
        ):
            problems.add(
                "dynamics.train",
                "nothing learns: name plastic modules in some `learn`, or set runner.epochs=0",
            )
        check_optimizer(cast(Groups, experiment.make_optimizer), shapes, experiment.train, problems)
        check_memory(shapes, experiment.runner.replicas, problems)
        return shapes
    return None


def check_learning(
    phases: Phases, plan: NetworkSpec, shapes: Orchestrator, problems: Problems
) -> None:
    """Note every line of the model that makes a module which could learn and learns in no phase, given the network's shapes."""
    could, does = (
        plasticity(shapes, each).layer_map.modules for each in (EVERYTHING_LEARNS, phases)
    )
    silent = {
        name: module
        for name, module, could_learn, learns in zip(
            shapes.layer_map.names, shapes.layer_map.modules, could, does, strict=True
        )
        if any(jax.tree.leaves(could_learn)) and not any(jax.tree.leaves(learns))
    }
    lines: dict[str, list[str]] = {}
    for seat in plan.seats:
        if seat.place.name in silent:
            lines.setdefault(seat.where, []).append(seat.place.name)
    for where, names in lines.items():
        module = silent[names[0]]
        freeze = (
            "`rule: null`"
            if hasattr(module, "rule")
            else f"a method `plastic` of {type(module).__name__}"
        )
        problems.add(
            where,
            f"no phase of dynamics.train ({', '.join(phases)}) lets {', '.join(names)} learn; "
            f"name it in the `learn` of one of them, or freeze it with {freeze}",
        )


def check_memory(shapes: Any, replicas: int, problems: Problems) -> None:
    """Note a network that is larger than the memory of this machine, before anything is drawn."""
    arrays = [leaf for leaf in jax.tree.leaves(shapes) if isinstance(leaf, jax.ShapeDtypeStruct)]
    needed = replicas * sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in arrays)
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if jax.default_backend() == "cpu" and needed > there:
        what = f"the network takes {needed / 2**30:.4g} GiB, and this machine has {there / 2**30:.4g} GiB; make it smaller"
        problems.add("model", what)


def plasticity(shapes: Orchestrator, phases: Mapping[str, Phase]) -> Orchestrator:
    """Return the network's shapes with every array replaced by whether training may change it."""
    # Modules ask their arrays whether they are floating, which a bare shape cannot answer: trace.
    return eqx.filter_eval_shape(lambda network: trainable_mask(network, phases), shapes)
