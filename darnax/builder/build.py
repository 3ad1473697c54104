"""From a resolved configuration to an experiment, or to everything that is wrong with it."""

import math
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

import equinox as eqx
import jax

from darnax.builder.calls import Call, Reader
from darnax.builder.choices import examine_ends, read_data, read_runner, read_tracking
from darnax.builder.modules import examine, examine_reductions, tried
from darnax.builder.network import Blueprint, Plan, read_plan
from darnax.builder.optimizers import Groups, examine_optimizer, read_optimizer
from darnax.builder.phases import read_phases
from darnax.builder.problems import Problems
from darnax.builder.specification import SECTIONS, SEEDS, Configuration, Dynamics, Model, Runner, read
from darnax.errors import first_line
from darnax.files import expanded
from darnax.learning import learning_mask
from darnax.orchestrators import Orchestrator
from darnax.printing import counted
from darnax.relaxation import Phase, Phases
from darnax.reports.configuration import without_computed
from darnax.runner.experiment import Experiment
from darnax.runner.jax_settings import require_usable
from darnax.states import State

EVERYTHING_LEARNS = Phases(all=Phase(steps=0, learn=("*",)))


class Built(NamedTuple):
    """An experiment, the plan of its network, and the network's shapes."""

    experiment: Experiment
    plan: Plan
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
    return built(config, existing=existing).experiment


def built(config: Mapping[str, Any], *, existing: bool = False) -> Built:
    """Return what `build` returns, and what it is made of."""
    require_usable()
    config = without_computed(config)  # of a config.yaml that is handed over as it was read
    problems = Problems()
    root = read(Configuration, config, "", problems)
    present = {name: config[name] for name in SECTIONS if isinstance(config.get(name), Mapping)}
    sections = {name: read(SECTIONS[name], node, name, problems) for name, node in present.items()}
    model, dynamics, optimizer, data, runner, tracking, paths = map(sections.get, SECTIONS)
    reader = Reader(problems, root.trust if root else trust_of(config))

    plan = given(read_plan, model, reader)
    plan = given(examine, plan, problems)
    names = plan.names if plan else ()
    state = given(read_state, model, plan, reader)
    orchestrator = given(read_orchestrator, dynamics, reader)
    phases = given(read_dynamics, dynamics, names, reader)
    make_optimizer = given(read_optimizer, optimizer, names, reader)
    data_choice = given(read_data, data, paths, reader)
    given(examine_ends, data_choice, plan, reader)
    runner_choice = given(read_runner, runner)
    given(examine_seeds, root, runner, problems)
    tracking_choice = given(read_tracking, tracking)
    outputs = given(lambda section: expanded(section.outputs), paths)
    problems.settle()

    assert root is not None
    experiment = Experiment(
        name=root.name,
        seed=root.seed,
        config=config,
        make_network=Blueprint(plan.seats, orchestrator),
        state=state,
        train=phases[0],
        infer=phases[1],
        make_optimizer=make_optimizer,
        data=data_choice,
        runner=runner_choice,
        tracking=tracking_choice,
        outputs=outputs,
    )
    shapes = examine_whole(experiment, plan, problems)
    problems.settle()
    if experiment.runner.epochs and not existing:
        examine_learning(experiment.train, plan, shapes, problems)
        problems.settle()
    return Built(experiment, plan, shapes)


def given(function: Callable[..., Any], *parts: Any) -> Any:
    """Return `function(*parts)`, or None where a part is missing: its problem has been noted."""
    return None if any(part is None for part in parts) else function(*parts)


def examine_seeds(root: Configuration, runner: Runner, problems: Problems) -> None:
    """Note a seed to which no room is left for those of the replicas."""
    if root.seed + runner.replicas > SEEDS:
        replicas = counted(runner.replicas, "replica")
        what = f"got {root.seed}, expected at most {SEEDS - runner.replicas}: each of {replicas} has the next"
        problems.add("seed", what)


def trust_of(config: Mapping[str, Any]) -> list[str]:
    """Return the trusted packages of a configuration that has other problems."""
    trust = config.get("trust")
    return [package for package in trust if isinstance(package, str)] if isinstance(trust, list) else []


def read_state(model: Model, plan: Plan, reader: Reader) -> State | None:
    """Return the state of the network, with a batch of 1."""
    call = reader.call(model.state, "model.state", State, ("sizes",))
    try:
        return None if call is None else call(sizes=plan.buffers.sizes)
    except Exception as error:  # states of other packages may raise anything
        reader.problems.add("model.state", first_line(error))
    return None


def read_orchestrator(dynamics: Dynamics, reader: Reader) -> Call | None:
    """Return the constructor of the network; what it is given besides the modules are choices, no numbers to sweep over."""
    call = reader.call(dynamics.orchestrator, "dynamics.orchestrator", Orchestrator, ("layer_map",))
    return None if call is None else call.with_numbers_compiled_in()


def read_dynamics(dynamics: Dynamics, names: tuple[str, ...], reader: Reader) -> tuple[Any, Any]:
    """Return the phases of training and those of inference."""
    train = read_phases(dynamics.train, "dynamics.train", names, reader)
    return train, read_phases(dynamics.infer, "dynamics.infer", names, reader)


def examine_whole(experiment: Experiment, plan: Plan, problems: Problems) -> Any:
    """Return the shapes of the network; note a network that cannot be made, or that could only pretend to train."""
    key = jax.eval_shape(lambda: jax.random.key(0))
    with problems.at("dynamics.orchestrator"):
        shapes = tried(experiment.make_network, key)
        examine_reductions(plan, shapes, (*experiment.train.values(), *experiment.infer.values()), problems)
        if experiment.runner.epochs and not any(jax.tree.leaves(plasticity(shapes, experiment.train))):
            problems.add("dynamics.train", "nothing learns: name plastic modules in some `learn`, or set runner.epochs=0")
        examine_optimizer(cast(Groups, experiment.make_optimizer), shapes, experiment.train, problems)
        examine_memory(shapes, experiment.runner.replicas, problems)
        return shapes
    return None


def examine_learning(phases: Phases, plan: Plan, shapes: Orchestrator, problems: Problems) -> None:
    """Note every line of the model that makes a module which could learn and learns in no phase, given the network's shapes."""
    could, does = (plasticity(shapes, each).layer_map.modules for each in (EVERYTHING_LEARNS, phases))
    silent = {
        name: module
        for name, module, could_learn, learns in zip(shapes.layer_map.names, shapes.layer_map.modules, could, does, strict=True)
        if any(jax.tree.leaves(could_learn)) and not any(jax.tree.leaves(learns))
    }
    lines: dict[str, list[str]] = {}
    for seat in plan.seats:
        if seat.place.name in silent:
            lines.setdefault(seat.where, []).append(seat.place.name)
    for where, names in lines.items():
        module = silent[names[0]]
        freeze = "`rule: null`" if hasattr(module, "rule") else f"a method `plastic` of {type(module).__name__}"
        problems.add(
            where,
            f"no phase of dynamics.train ({', '.join(phases)}) lets {', '.join(names)} learn; "
            f"name it in the `learn` of one of them, or freeze it with {freeze}",
        )


def examine_memory(shapes: Any, replicas: int, problems: Problems) -> None:
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
    return eqx.filter_eval_shape(lambda network: learning_mask(network, phases), shapes)
