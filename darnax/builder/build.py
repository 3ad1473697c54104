"""Build an experiment from a resolved configuration, or report everything wrong with it."""

import math
import os
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, cast

import jax

from darnax.builder.calls import Reader
from darnax.builder.choices import check_ends, read_data
from darnax.builder.deferred_call import DeferredCall
from darnax.builder.gradients import check_gradients
from darnax.builder.modules import check_modules, check_reductions, infer_shapes
from darnax.builder.network import NetworkFactory, NetworkSpec, read_network
from darnax.builder.observables import check_observables, read_observables
from darnax.builder.optimizers import Groups, check_optimizer, read_optimizer
from darnax.builder.outline import outline, plasticity
from darnax.builder.phases import read_phases
from darnax.builder.problems import Problems, format_value
from darnax.builder.specification import (
    SECTIONS,
    SEEDS,
    Configuration,
    Dynamics,
    Model,
    read,
)
from darnax.builder.trackers import read_tracking
from darnax.errors import first_line
from darnax.files import expand_user, in_memory
from darnax.orchestrators import Orchestrator
from darnax.phases import Phase, Phases
from darnax.printing import count_of
from darnax.reports.configuration import without_computed
from darnax.runner.experiment import Experiment
from darnax.runner.jax_settings import require_usable
from darnax.runner.settings import RunnerSettings
from darnax.runner.structure import Structure
from darnax.scoring import label_free_phases, scoring_phase, sending
from darnax.states import State

EVERYTHING_LEARNS = Phases(all=Phase(steps=0, learn=("*",)))
MOST_CHECKED = 100  # structures whose checks are kept
checked: dict[Hashable, Orchestrator] = {}  # what `check_network` depends on -> its result


class Built(NamedTuple):
    """An experiment, the plan of its network, and the network's shapes."""

    experiment: Experiment
    plan: NetworkSpec
    shapes: Orchestrator


def build(config: Mapping[str, Any], *, existing: bool = False) -> Experiment:
    """Return the experiment that a plain, resolved configuration describes.

    Nothing is compiled, no network is made and no data are read: modules are checked by their
    shapes alone.

    Args:
        config: the configuration.
        existing: whether it is that of an existing run, in which a module may be in no `learn`.

    Raises:
        RequestError: with everything that is wrong: its path in the YAML, what was given, what was
            expected, and what to do.
    """
    return build_parts(config, existing=existing).experiment


def build_parts(config: Mapping[str, Any], *, existing: bool = False) -> Built:
    """Return the result of `build`, the plan of the network, and its shapes."""
    require_usable()
    config = without_computed(config)  # a caller may pass the content of a config.yaml as it is
    problems = Problems()
    root = read(Configuration, config, "", problems)
    present = {name: config[name] for name in SECTIONS if isinstance(config.get(name), Mapping)}
    sections = {name: read(SECTIONS[name], node, name, problems) for name, node in present.items()}
    model, dynamics, optimizer, data, runner, tracking, paths = map(sections.get, SECTIONS)
    reader = Reader(problems, root.trust if root else trust_of(config))

    plan = apply_if_complete(read_network, model, reader)
    plan = apply_if_complete(check_modules, plan, problems)
    names = plan.names if plan else ()
    batch = data.batch_size if data else 1  # type: ignore[attr-defined]
    state = apply_if_complete(read_state, model, plan, batch, reader)
    orchestrator = apply_if_complete(read_orchestrator, dynamics, reader)
    phases = apply_if_complete(read_dynamics, dynamics, names, reader)
    make_optimizer = apply_if_complete(read_optimizer, optimizer, names, reader)
    data_choice = apply_if_complete(read_data, data, paths, reader)
    apply_if_complete(check_ends, data_choice, plan, reader)
    apply_if_complete(check_seeds, root, runner, problems)
    tracking_choice = apply_if_complete(read_tracking, tracking, reader)
    observables = apply_if_complete(lambda known: read_observables(known.observables, reader), root)
    outputs = apply_if_complete(lambda section: expand_user(section.outputs), paths)
    if runner is None and "runner" in present:  # lengths that are made of an invalid number
        length = " ".join((str(present["runner"].get("epochs")), "epochs"))
        problems.leave_out(f"got {format_value(length)}")
    problems.raise_if_any()

    assert root is not None
    experiment = Experiment(
        name=root.name,
        seed=root.seed,
        config=config,
        make_network=NetworkFactory(plan.modules, orchestrator),
        state=state,
        train=phases[0],
        infer=phases[1],
        score=cast(Dynamics, dynamics).score,
        make_optimizer=make_optimizer,
        data=data_choice,
        runner=cast(RunnerSettings, runner),
        tracking=tracking_choice,
        outputs=outputs,
        observables=observables,
    )
    shapes = check_network(experiment, plan, problems, existing=existing)
    problems.raise_if_any()
    if experiment.score is None:  # found here, where gains of 0 are known
        experiment = replace(experiment, score=scoring_phase(shapes, experiment.train))
    described = partial(outline, plan, shapes, experiment.train)
    experiment = replace(experiment, outline=described)
    experiment = check_observables(experiment, problems)
    problems.raise_if_any()
    return Built(experiment, plan, shapes)


def apply_if_complete(function: Callable[..., Any], *parts: Any) -> Any:
    """Return `function(*parts)`, or None if a part is None because a problem was noted for it."""
    return None if any(part is None for part in parts) else function(*parts)


def check_seeds(root: Configuration, runner: RunnerSettings, problems: Problems) -> None:
    """Note a seed that is too large to leave seeds for all replicas."""
    if root.seed + runner.replicas > SEEDS:
        replicas = count_of(runner.replicas, "replica")
        expected = f"expected at most {SEEDS - runner.replicas}"
        problems.add("seed", f"got {root.seed}, {expected}: each of {replicas} has the next")


def trust_of(config: Mapping[str, Any]) -> list[str]:
    """Return the trusted packages of a configuration that has other problems."""
    trust = config.get("trust")
    if not isinstance(trust, list):
        return []
    return [package for package in trust if isinstance(package, str)]


def read_state(model: Model, plan: NetworkSpec, batch: int, reader: Reader) -> State | None:
    """Return the state of the network, with a batch of 1; it must fit in memory with `batch`."""
    call = reader.call(model.state, "model.state", State, ("sizes",))
    needed = 4 * batch * sum(math.prod(size) for size in plan.buffers.sizes)
    # Relaxation has several copies of the state, so that a third of the memory is too much.
    if jax.default_backend() == "cpu" and needed > in_memory():
        takes = f"the state takes {needed / 2**30:.4g} GiB with {count_of(batch, 'example')}"
        limit = f"expected at most {in_memory() / 2**30:.4g} GiB, a third of this machine's memory"
        reader.problems.add("model.buffers", f"{takes}, {limit}; make it smaller")
        return None
    try:
        return None if call is None else call(sizes=plan.buffers.sizes)
    except Exception as error:  # states of other packages may raise anything
        reader.problems.add("model.state", first_line(error))
    return None


def read_orchestrator(dynamics: Dynamics, reader: Reader) -> DeferredCall | None:
    """Return the constructor of the network, with all its numbers compiled in.

    Besides the modules its arguments are choices that shape the program, such as a number of turns.
    """
    call = reader.call(dynamics.orchestrator, "dynamics.orchestrator", Orchestrator, ("layer_map",))
    return None if call is None else call.with_numbers_compiled_in()


def read_dynamics(dynamics: Dynamics, names: tuple[str, ...], reader: Reader) -> tuple[Any, Any]:
    """Return the phases of training and those of inference."""
    train = read_phases(dynamics.train, "dynamics.train", names, reader)
    if dynamics.score is not None and dynamics.score not in dynamics.train:
        expected = f"expected a phase of dynamics.train: {', '.join(dynamics.train)}"
        reader.problems.add("dynamics.score", f"got {dynamics.score}, {expected}")
    return train, read_phases(dynamics.infer, "dynamics.infer", names, reader)


def check_network(
    experiment: Experiment, plan: NetworkSpec, problems: Problems, *, existing: bool
) -> Any:
    """Return the shapes of the network; note one that cannot be made, or that learns nothing.

    Networks that differ in numbers alone are checked once: a sweep has many of them.
    """
    structure = existing, structure_of(experiment)
    known = checked.get(structure)
    if known is not None:
        return known
    shapes = check_new_network(experiment, plan, problems)
    if not problems.found and experiment.runner.epochs and not existing:
        check_learning(experiment.train, plan, shapes, problems)
    if not problems.found:
        if len(checked) >= MOST_CHECKED:
            checked.clear()
        checked[structure] = shapes
    return shapes


def structure_of(experiment: Experiment) -> Hashable:
    """Return everything that the checks of a network depend on, so that equal ones agree."""
    factories = Structure.of((experiment.make_network, experiment.make_optimizer))
    learns, replicas = experiment.runner.epochs > 0, experiment.runner.replicas
    # Whether a phase depends on the label depends on which gains are 0: phases with numbers.
    phases = experiment.train, experiment.infer, experiment.score
    return factories, phases, learns, replicas


def check_new_network(experiment: Experiment, plan: NetworkSpec, problems: Problems) -> Any:
    """Return the result of `check_network` for a network whose structure is new."""
    key = jax.eval_shape(lambda: jax.random.key(0))
    train, infer = experiment.train, experiment.infer
    with problems.at("dynamics.orchestrator"):
        shapes = infer_shapes(experiment.make_network, key)
        check_reductions(plan, shapes, (*train.values(), *infer.values()), problems)
        check_score(experiment.score, shapes, train, problems)
        check_gradients(shapes, train, problems)
        if experiment.runner.epochs and not any(jax.tree.leaves(plasticity(shapes, train))):
            what = "nothing learns: name plastic modules in some `learn`, or set runner.epochs=0"
            problems.add("dynamics.train", what)
        check_optimizer(cast(Groups, experiment.make_optimizer), shapes, train, problems)
        check_memory(shapes, experiment.runner.replicas, problems)
        return shapes
    return None


def check_score(score: str | None, shapes: Orchestrator, train: Phases, problems: Problems) -> None:
    """Note a phase to be scored whose readout has seen the label, or receives nothing."""
    if score is None:
        return
    label_free = label_free_phases(shapes, train)
    if not sending(shapes, train[score], shapes.layer_map.output):
        problems.add("dynamics.score", f"the readout receives no message in the phase {score}")
    elif score not in label_free:
        what = f"the scores at the end of {score} depend on the label"
        others = f"; expected one of {', '.join(label_free)}" if label_free else "; leave it out"
        problems.add("dynamics.score", what + others)


def check_learning(
    phases: Phases, plan: NetworkSpec, shapes: Orchestrator, problems: Problems
) -> None:
    """Note every entry of the model whose modules could learn but learn in no phase."""
    layer_map = shapes.layer_map
    could_learn = plasticity(shapes, EVERYTHING_LEARNS).layer_map.modules
    learns = plasticity(shapes, phases).layer_map.modules
    unused = {}
    for n, name in enumerate(layer_map.names):
        if any(jax.tree.leaves(could_learn[n])) and not any(jax.tree.leaves(learns[n])):
            unused[name] = layer_map.modules[n]
    names_at: dict[str, list[str]] = {}  # path in the YAML -> its modules that never learn
    for spec in plan.modules:
        if spec.edge.name in unused:
            names_at.setdefault(spec.where, []).append(spec.edge.name)
    for where, names in names_at.items():
        module = unused[names[0]]
        freeze = f"a method `plastic` of {type(module).__name__}"
        if hasattr(module, "rule"):
            freeze = "`rule: null`"
        problems.add(
            where,
            f"no phase of dynamics.train ({', '.join(phases)}) lets {', '.join(names)} learn; "
            f"name it in the `learn` of one of them, or freeze it with {freeze}",
        )


def check_memory(shapes: Any, replicas: int, problems: Problems) -> None:
    """Note a network that is larger than the memory of this machine, before anything is drawn."""
    arrays = [leaf for leaf in jax.tree.leaves(shapes) if isinstance(leaf, jax.ShapeDtypeStruct)]
    needed = replicas * sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in arrays)
    available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if jax.default_backend() == "cpu" and needed > available:
        takes = f"the network takes {needed / 2**30:.4g} GiB"
        has = f"this machine has {available / 2**30:.4g} GiB"
        problems.add("model", f"{takes}, and {has}; make it smaller")
