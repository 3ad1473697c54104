"""Training steps. Oracle: the local updates, added in numpy."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import naive
import numpy as np
import optax
import pytest
from networks import chain, sample

from darnax.layer_map import LayerMap
from darnax.learning import (
    evaluate_step,
    group_by_module,
    init_optimizer,
    scores_of,
    train_step,
)
from darnax.modules import RecurrentDiscrete
from darnax.orchestrators import SequentialOrchestrator
from darnax.phases import Phase, Phases
from darnax.schedule import run_phases
from darnax.scoring import label_free_phases, scoring_phase
from darnax.states import PackedState, SequentialState

KEY = jax.random.key(17)
PHASES = Phases(
    clamped=Phase(steps=3, learn=("hidden1",)),
    free=Phase(steps=2, messages="forward", learn=("w_in", "hidden*")),
    recall=Phase(start="blank", steps=2, messages="forward", learn=("w_out",)),
)
LEARNING = {"w_in": "W", "hidden1": "J", "hidden2": "J", "w_out": "W"}  # module: its plastic array
RATE = 0.3
SGD = optax.sgd(RATE)  # one object: the steps with it are compiled once
STEP = eqx.filter_jit(train_step)


def trained(optimizer, phases=PHASES, kind=SequentialState, steps=1):
    """Return the network before and after `steps` training steps, and the last step's output."""
    layer_map, sizes = chain()
    before = network = SequentialOrchestrator(layer_map)
    x, y = sample(sizes)
    opt_state = init_optimizer(network, optimizer, phases)
    for _ in range(steps):
        learnt = STEP(network, optimizer, opt_state, kind(sizes), phases, x, y, KEY)
        network, opt_state = learnt.network, learnt.opt_state
    return before, network, learnt


def naive_changes(network, phases):
    """Return {name: ΔW summed over the phases in which it learns}, and the end of every phase."""
    _, sizes = chain()
    x, y = (np.asarray(array, np.float64) for array in sample(sizes))
    blank = [x, *(np.zeros((len(x), *size)) for size in sizes[1:-1]), y]
    buffers, changes, ends = blank, {}, {}
    for name, phase in phases.items():
        buffers = blank if phase.start == "blank" else buffers
        for _ in range(phase.steps):
            buffers = naive.step(network, buffers, phase.messages)
        fields = {
            i: naive.field(network, buffers, i, phase.messages) for i in range(1, len(buffers))
        }
        ends[name] = buffers, fields
        for ((i, j), module), called in zip(
            network.layer_map.edge_items(), network.layer_map.names, strict=True
        ):
            if called in phase.learn or (called.startswith("hidden") and "hidden*" in phase.learn):
                changes[called] = changes.get(called, 0) + naive.change(
                    module, buffers[j], buffers[i], fields[i]
                )
    return changes, ends


def arrays(network):
    """Return {(module's name, array's name): array}."""
    layer_map = network.layer_map
    named = zip(layer_map.names, layer_map.modules, strict=True)
    return {
        (name, path[-1].name): np.asarray(a)
        for name, module in named
        for path, a in jax.tree.leaves_with_path(module)
    }


def assert_changed(before, after, names):
    """Assert that the plastic arrays of these modules changed, and nothing else."""
    learning = {(name, LEARNING[name]) for name in names}
    for place, array in arrays(before).items():
        same = array.tobytes() == arrays(after)[place].tobytes()
        assert same == (place not in learning), place


def test_a_step_adds_the_local_changes_of_all_phases():
    before, after, _ = trained(SGD)
    changes, _ = naive_changes(before, PHASES)
    assert set(changes) == set(LEARNING)
    for name, change in changes.items():
        place = name, LEARNING[name]
        np.testing.assert_allclose(
            arrays(after)[place] - arrays(before)[place], RATE * change, atol=1e-6
        )
    assert_changed(before, after, LEARNING)


def test_two_phases_add_up():
    once, again = (
        {"a": Phase(steps=2, learn=("hidden1",))},
        {"b": Phase(steps=0, learn=("hidden1",))},
    )
    before, after_both, _ = trained(SGD, Phases(once | again))
    _, after_one, _ = trained(SGD, once)
    start, both, one = (
        arrays(network)["hidden1", "J"] for network in (before, after_both, after_one)
    )
    np.testing.assert_allclose(both - start, 2 * (one - start), atol=1e-6)


def test_groups_give_each_module_the_first_rate_whose_glob_fits():
    rates = {"hidden2": 0.5, "hidden*": 0.2, "w_o*": 0.0}
    before = SequentialOrchestrator(chain()[0])
    optimizer = group_by_module(
        before, optax.sgd(0.1), {glob: optax.sgd(rate) for glob, rate in rates.items()}
    )
    before, after, _ = trained(optimizer)
    changes, _ = naive_changes(before, PHASES)
    for name, rate in {"w_in": 0.1, "hidden1": 0.2, "hidden2": 0.5, "w_out": 0.0}.items():
        place = name, LEARNING[name]
        np.testing.assert_allclose(
            arrays(after)[place] - arrays(before)[place], rate * changes[name], atol=1e-6
        )


def test_weight_decay_applies_to_learning_modules_only():
    before, after, _ = trained(optax.chain(optax.add_decayed_weights(0.1), optax.sgd(RATE)))
    changes, _ = naive_changes(before, PHASES)
    for name, change in changes.items():
        old = arrays(before)[name, LEARNING[name]]
        np.testing.assert_allclose(
            arrays(after)[name, LEARNING[name]], old + RATE * (change - 0.1 * old), atol=1e-6
        )
    assert_changed(before, after, LEARNING)


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize(
    "optimizer",
    [
        optax.adamw(1e-2, weight_decay=0.1),
        pytest.param(optax.lamb(1e-2, weight_decay=0.1), marks=pytest.mark.slow),
    ],
)
def test_parameters_that_are_not_plastic_stay_bit_identical(optimizer):
    before, after, _ = trained(optimizer, steps=3)
    assert_changed(before, after, LEARNING)


@pytest.mark.usefixtures("lenient")
def test_modules_that_learn_in_no_phase_stay_bit_identical():
    only = {
        "free": Phase(steps=2, learn=("hidden2", "w_back", "2_to_1"))
    }  # the last two are frozen in every phase
    before, after, _ = trained(optax.adamw(1e-2, weight_decay=0.1), only, steps=3)
    assert_changed(before, after, ["hidden2"])
    before, after, _ = trained(
        optax.adamw(1e-2, weight_decay=0.1), {"free": Phase(steps=2)}, steps=3
    )
    assert_changed(before, after, [])


@pytest.mark.usefixtures("lenient")
def test_a_schedule_counts_training_steps():
    schedule = optax.piecewise_constant_schedule(RATE, {1: 0.0})
    _, first, _ = trained(SGD)
    _, third, _ = trained(optax.sgd(schedule), steps=3)
    assert_changed(first, third, [])


def test_a_network_learns_bit_for_bit_the_same_on_either_state():
    _, one, a = trained(SGD, kind=SequentialState, steps=3)
    _, other, b = trained(SGD, kind=PackedState, steps=3)
    assert_changed(one, other, [])
    assert all(jnp.array_equal(a.metrics[name], b.metrics[name]) for name in a.metrics)
    np.testing.assert_array_equal(a.scores, b.scores)


def test_scores_are_the_field_of_the_output_where_the_readout_learns():
    reordered = Phases(recall=PHASES["recall"], clamped=PHASES["clamped"])
    before, _, learnt = trained(SGD, reordered)
    _, ends = naive_changes(before, reordered)
    np.testing.assert_allclose(learnt.scores, ends["recall"][1][3], atol=1e-5)


CLAMPED, FORWARD, FREE = (
    Phase(steps=2),
    Phase(steps=2, messages="forward"),
    Phase(steps=2, messages="unsupervised"),
)
RECALL, SHOWN = replace(FORWARD, start="blank"), Phase(steps=2, start="blank")
LEARNING_READOUT = replace(FORWARD, learn=("w_out",))
SCORED = {  # phases in order, and the number of the one that is scored
    "the last before the label is shown": ([FORWARD, FREE, CLAMPED, FREE], 1),
    "the one from which the readout learns": ([LEARNING_READOUT, FREE, CLAMPED], 0),
    "the last of these": ([LEARNING_READOUT, LEARNING_READOUT, FREE], 1),
    "one that starts anew": ([CLAMPED, FREE, RECALL], 2),
    "one before that, where the readout learns": ([LEARNING_READOUT, CLAMPED, RECALL], 0),
    "none that only starts anew": ([SHOWN, FREE], None),
    "none from which a readout learns that has seen it": ([CLAMPED, LEARNING_READOUT], None),
    "none after it": ([CLAMPED, FREE, FORWARD], None),
    "one that takes no step": ([Phase(steps=0), CLAMPED], 0),
}


SEEN = [case for case in SCORED if SCORED[case][1] in (0, 2)]  # and the others in `make test-all`


@pytest.mark.parametrize(
    "case",
    [case if case in SEEN else pytest.param(case, marks=pytest.mark.slow) for case in SCORED],
)
def test_the_scores_of_training_do_not_depend_on_the_label(case):
    """The label does not change the scores of this phase, but those of phases that depend on it."""
    phases = Phases({str(number): phase for number, phase in enumerate(SCORED[case][0])})
    layer_map, sizes = chain()
    expected = None if SCORED[case][1] is None else str(SCORED[case][1])
    network, (x, y) = SequentialOrchestrator(layer_map), sample(sizes)
    assert scoring_phase(network, phases) == expected
    labels = y, jnp.roll(y, 1, axis=1) * 5

    def scores(label):
        ends = run_phases(network, SequentialState(sizes).init(x, label), phases, KEY)
        return {name: np.asarray(scores_of(network, end)) for name, end in ends}

    one, other = map(scores, labels)
    assert label_free_phases(network, phases) == [
        name for name in phases if np.array_equal(one[name], other[name])
    ]


def test_no_phase_is_scored_if_every_state_depends_on_the_label():
    layer_map, _ = chain()
    remembers = RecurrentDiscrete(4, 0.5, 1.0, key=KEY)
    modules = [remembers if edge == (3, 3) else module for edge, module in layer_map.edge_items()]
    assert (
        scoring_phase(SequentialOrchestrator(layer_map.with_modules(modules)), {"recall": RECALL})
        is None
    )


def test_without_feedback_every_phase_is_free_of_the_label():
    layer_map, _ = chain()
    rows = {
        i: {j: layer_map[i, j] for k, j in layer_map.edges if k == i and (i, j) != (2, 3)}
        for i in layer_map.rows()
    }
    assert (
        scoring_phase(SequentialOrchestrator(LayerMap.from_dict(rows)), {"clamped": CLAMPED})
        == "clamped"
    )


UNSORTED = Phases(
    warmup=Phase(steps=1, messages="forward"),
    clamped=Phase(steps=2, learn=("w_in", "hidden*")),
    again=Phase(steps=1, messages="forward", learn=("hidden1",)),
    free=Phase(start="blank", steps=2, messages="forward", learn=("w_out",)),
)


@eqx.filter_jit
def filter_jitted(phases, leaves, structure, x, y):
    return stepped(phases, leaves, structure, x, y)


def stepped(phases, leaves, structure, x, y):
    """Return the weights, the scores and the metrics of a step, and the scores of an evaluation."""
    network, state = eqx.combine(leaves, structure), SequentialState(chain()[1])
    optimizer = optax.sgd(RATE)
    learnt = train_step(
        network, optimizer, init_optimizer(network, optimizer, phases), state, phases, x, y, KEY
    )
    scores = evaluate_step(network, state, phases, x, KEY)
    return eqx.filter(learnt.network, eqx.is_array), learnt.scores, learnt.metrics, scores


def test_phases_given_to_a_compiled_step_run_in_their_order():
    """Oracle: numpy, and the uncompiled step; alphabetical order gives other weights."""
    layer_map, sizes = chain()
    network = SequentialOrchestrator(layer_map)
    leaves, structure = eqx.partition(network, eqx.is_array)
    x, y = sample(sizes)
    plainly = stepped(UNSORTED, leaves, structure, x, y)
    names = [name for name in plainly[2] if name.startswith("overlap/")]
    assert {name.split("/")[1] for name in names} == {
        "warmup-clamped",
        "clamped-again",
        "again-free",
    }

    changes, _ = naive_changes(network, UNSORTED)
    after = eqx.combine(plainly[0], structure)
    for name, change in changes.items():
        place = name, LEARNING[name]
        np.testing.assert_allclose(
            arrays(after)[place] - arrays(network)[place], RATE * change, atol=1e-6
        )

    jitted = jax.jit(lambda phases, leaves, x, y: stepped(phases, leaves, structure, x, y))
    for compiled in (
        filter_jitted(UNSORTED, leaves, structure, x, y),
        jitted(UNSORTED, leaves, x, y),
    ):
        jax.tree.map(
            lambda one, other: np.testing.assert_allclose(one, other, atol=1e-6), compiled, plainly
        )
    alphabetical = Phases(dict(sorted(UNSORTED.items())))
    assert set(eqx.filter_eval_shape(stepped, alphabetical, leaves, structure, x, y)[2]) != set(
        plainly[2]
    )


@pytest.mark.parametrize("wrap", [lambda step: step, eqx.filter_jit])
def test_a_dict_of_several_phases_is_refused(wrap):
    layer_map, sizes = chain()
    network, state, (x, y) = (
        SequentialOrchestrator(layer_map),
        SequentialState(sizes),
        sample(sizes),
    )
    optimizer, several = optax.sgd(RATE), dict(UNSORTED)
    opt_state = init_optimizer(network, optimizer, several)
    with pytest.raises(
        TypeError, match=r"got a dict of 4 phases, which JAX sorts by name; expected Phases"
    ):
        wrap(train_step)(network, optimizer, opt_state, state, several, x, y, KEY)
    with pytest.raises(TypeError, match=r"got a dict of 4 phases"):
        wrap(evaluate_step)(network, state, several, x, KEY)


def test_phases_are_equal_in_the_same_order_alone():
    one, other = (
        Phases(b=Phase(steps=1), a=Phase(steps=2)),
        Phases(a=Phase(steps=2), b=Phase(steps=1)),
    )
    assert one == Phases({"b": Phase(steps=1)}, a=Phase(steps=2))
    assert hash(one) == hash(Phases(dict(one)))
    assert one != other
    assert one != dict(one)
    assert list(jax.tree.map(lambda leaf: leaf, one)) == ["b", "a"]
    assert not jax.tree.leaves(one)


def test_evaluation_does_not_depend_on_the_label():
    layer_map, sizes = chain()
    network, (x, _) = SequentialOrchestrator(layer_map), sample(sizes)
    scores = eqx.filter_jit(evaluate_step)(
        network, SequentialState(sizes), {"infer": Phase(steps=3)}, x, KEY
    )
    buffers = [np.asarray(x, np.float64), *(np.zeros((len(x), *size)) for size in sizes[1:])]
    for _ in range(3):
        buffers = naive.step(network, buffers)
    np.testing.assert_allclose(scores, naive.field(network, buffers, 3), atol=1e-5)


def test_metrics_are_those_of_numpy():
    before, _, learnt = trained(SGD)
    changes, ends = naive_changes(before, PHASES)
    expected = {f"update/{name}": RATE * np.linalg.norm(change) for name, change in changes.items()}
    for one, other in (("clamped", "free"), ("free", "recall")):
        for i in (1, 2):
            expected[f"overlap/{one}-{other}/hidden{i}"] = np.mean(
                ends[one][0][i] * ends[other][0][i]
            )
    for i, name in (
        (1, "w_in"),
        (1, "hidden1"),
        (2, "hidden2"),
    ):  # the readout's rule has no margin
        buffers, fields = ends["free"]
        margin = float(before.layer_map[i, 0 if name == "w_in" else i].threshold)
        expected[f"unstable/{name}"] = np.mean(buffers[i] * fields[i] <= margin)
    measured = {
        name: value for name, value in learnt.metrics.items() if not name.startswith("relax/")
    }
    assert set(measured) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(measured[name], value, atol=1e-5, err_msg=name)
    relaxed = {name for name in learnt.metrics if name.startswith("relax/")}
    assert relaxed == {
        f"relax/{phase}/{what}" for phase in PHASES for what in ("steps", "flips", "converged")
    }
    assert [int(learnt.metrics[f"relax/{phase}/steps"]) for phase in PHASES] == [3, 2, 2]
