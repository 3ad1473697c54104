"""What phases start from and show. Oracles: the states of other phases, and exact statistics."""

import itertools
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from networks import chain, images, sample

from darnax.orchestrators import SequentialOrchestrator
from darnax.phases import Phase, Phases
from darnax.schedule import WRONG, draw_wrong, run_phases
from darnax.scoring import label_free_phases
from darnax.states import PackedState, SequentialState

KEY = jax.random.key(17)
LARGEST_CHI_SQUARE = 27.88  # of 9 degrees of freedom, exceeded with a probability of 0.001


def ends(phases, kind=SequentialState, key=KEY, clean=None, batch=3, make=chain):
    """Return the state at the end of every phase, as a list of arrays."""
    layer_map, sizes = make()
    x, y = sample(sizes, batch=batch)
    state = kind(sizes).init(x, y)
    network = SequentialOrchestrator(layer_map)
    found = {}
    for name, end in run_phases(network, state, Phases(phases), key, clean):
        found[name] = [np.asarray(end.state[i]) for i in range(len(sizes))]
    return found


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b, strict=True)


RANDOM = {"random": Phase(steps=0, start="random")}


def test_a_random_start_is_balanced():
    """Oracle: the binomial distribution; four standard deviations of ±1."""
    given = sample(chain()[1], batch=500)
    state = ends(RANDOM, batch=500)["random"]
    for buffer in state[1:-1]:
        assert set(np.unique(buffer)) == {-1.0, 1.0}
        assert abs(buffer.mean()) < 4 / np.sqrt(buffer.size)
        assert np.abs(buffer.mean(axis=0)).max() < 4 / np.sqrt(500)
    assert abs(np.mean(state[1] * state[2])) < 4 / np.sqrt(state[1].size)
    assert_same([state[0], state[-1]], given)


def test_a_random_start_is_that_of_its_key():
    one, same = ends(RANDOM)["random"], ends(RANDOM)["random"]
    assert_same(one, same)
    other = ends(RANDOM, key=jax.random.key(18))["random"]
    assert not np.array_equal(one[1], other[1])


def test_two_random_starts_of_a_step_differ():
    phases = {"a": RANDOM["random"], "b": RANDOM["random"]}
    found = ends(phases)
    assert not np.array_equal(found["a"][1], found["b"][1])


def test_a_random_start_has_the_size_of_every_buffer():
    state = ends(RANDOM, make=images)["random"]
    assert [buffer.shape[1:] for buffer in state] == images()[1]


@pytest.mark.parametrize("kind", [SequentialState, PackedState])
def test_a_phase_starts_at_the_end_of_an_earlier_one_bit_for_bit(kind):
    phases = {
        "free": Phase(steps=2, messages="forward"),
        "clamped": Phase(steps=2),
        "random": Phase(steps=1, start="random"),
        "back": Phase(steps=0, start="free"),
        "middle": Phase(steps=0, start="clamped"),
    }
    found = ends(phases, kind)
    assert not np.array_equal(found["free"][1], found["clamped"][1])
    assert_same(found["back"], found["free"])
    assert_same(found["middle"], found["clamped"])


def test_phases_that_go_back_continue_as_those_that_stay():
    """Oracle: the same phases, without one between them that has no effect."""
    after = Phase(steps=2, start="free", messages={"w_back": -1.0, "*": 1.0})
    away = {"free": Phase(steps=2, messages="forward"), "towards": Phase(steps=2), "away": after}
    direct = {"free": away["free"], "away": after}
    assert_same(ends(away)["away"], ends(direct)["away"])


def test_the_words_of_a_start_win_over_a_phase_of_that_name():
    phases = {
        "keep": Phase(steps=2, messages="forward"),
        "clamped": Phase(steps=2),
        "same": Phase(steps=0),
        "free": Phase(steps=0, messages="forward"),
    }
    found = ends(phases)
    assert_same(found["same"], found["clamped"])
    layer_map, _ = chain()
    assert label_free_phases(SequentialOrchestrator(layer_map), Phases(phases)) == ["keep"]


def test_a_phase_does_not_start_from_a_later_one():
    with pytest.raises(ValueError, match=r"a\.start: got 'b', expected one of keep, blank, random"):
        Phases(a=Phase(steps=1, start="b"), b=Phase(steps=1))


CLASSES = 10


def labels(classes, low=-1.0, high=1.0):
    return jnp.where(jax.nn.one_hot(classes, CLASSES) > 0, high, low)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 1.0), (-0.5, 4.0)])
def test_a_wrong_target_is_every_other_class_with_equal_probability(low, high):
    """Oracle: a chi-square of the nine other classes, for every right class."""
    for right in range(CLASSES):
        classes = jnp.full(900, right)
        wrong = np.asarray(draw_wrong(labels(classes, low, high), jax.random.key(right)))
        assert set(np.unique(wrong)) == {np.float32(low), np.float32(high)}
        assert np.all((wrong == high).sum(axis=1) == 1)
        counts = np.bincount(wrong.argmax(axis=1), minlength=CLASSES)
        assert counts[right] == 0
        others = np.delete(counts, right)
        expected = 900 / (CLASSES - 1)
        assert np.sum((others - expected) ** 2 / expected) < LARGEST_CHI_SQUARE


def test_a_wrong_target_depends_on_the_key_alone():
    y = labels(jnp.arange(40) % CLASSES)
    one, same, other = (np.asarray(draw_wrong(y, jax.random.key(k))) for k in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_wrong_target_by_scores_has_the_probabilities_of_their_softmax():
    """Oracle: a chi-square of the nine other classes, with the right one left out."""
    scores = jnp.linspace(-1.0, 1.0, CLASSES)
    for right in (0, 4, 9):
        y = labels(jnp.full(2000, right), low=0.0)
        many = jnp.broadcast_to(scores, y.shape)
        wrong = np.asarray(draw_wrong(y, jax.random.key(right), scores=many))
        assert np.all((wrong == 1.0).sum(axis=1) == 1)
        counts = np.bincount(wrong.argmax(axis=1), minlength=CLASSES)
        assert counts[right] == 0
        others = np.delete(counts, right)
        weights = np.delete(np.exp(np.asarray(scores, np.float64)), right)
        expected = 2000 * weights / weights.sum()
        assert np.sum((others - expected) ** 2 / expected) < LARGEST_CHI_SQUARE


def test_a_phase_draws_wrong_targets_by_the_scores_of_another():
    """Oracle: `draw_wrong` of the scores at the end of the other phase."""
    layer_map, sizes = chain()
    network, (x, y) = SequentialOrchestrator(layer_map), sample(sizes, batch=50)
    phases = Phases(
        free=Phase(steps=1, messages="forward"),
        uniform=Phase(steps=1, target="wrong"),
        wrong=Phase(steps=1, target="wrong", wrong_by="free"),
    )
    found = dict(run_phases(network, SequentialState(sizes).init(x, y), phases, KEY))
    scores = found["free"].fields[layer_map.output]
    _, key = jax.random.split(KEY)
    expected = draw_wrong(y, jax.random.fold_in(key, WRONG), scores=scores)
    np.testing.assert_array_equal(found["wrong"].state[-1], expected)
    assert not np.array_equal(found["uniform"].state[-1], expected)


@pytest.mark.parametrize(("other", "target"), [("later", "wrong"), ("first", "given")])
def test_wrong_targets_are_drawn_by_an_earlier_phase(other, target):
    with pytest.raises(ValueError, match=rf"wrong_by: got '{other}', expected"):
        Phases(
            first=Phase(steps=1),
            shown=Phase(steps=1, target=target, wrong_by=other),
            later=Phase(steps=1),
        )


def test_no_wrong_target_exists_of_one_number():
    with pytest.raises(ValueError, match="got a target of one number, expected several"):
        draw_wrong(jnp.ones((3, 1)), KEY)


def test_phases_show_right_wrong_and_no_targets():
    phases = {
        "right": Phase(steps=1),
        "wrong": Phase(steps=1, target="wrong"),
        "none": Phase(steps=1, target="none"),
        "again": Phase(steps=1, start="blank"),
        "back": Phase(steps=0, start="wrong"),
        "same wrong": Phase(steps=0, target="wrong"),
    }
    found = ends(phases)
    _, y = sample(chain()[1])
    for name in ("right", "again", "back"):
        np.testing.assert_array_equal(found[name][-1], y)
    assert np.all(found["wrong"][-1].argmax(1) != np.asarray(y).argmax(1))
    assert not np.any(found["none"][-1])
    np.testing.assert_array_equal(found["same wrong"][-1], found["wrong"][-1])
    assert_same(found["again"], found["right"])


def test_a_phase_relaxes_under_what_it_shows():
    """Oracle: one phase, given what the other shows."""
    layer_map, sizes = chain()
    network, (x, y) = SequentialOrchestrator(layer_map), sample(sizes)
    wrong = jnp.asarray(ends({"wrong": Phase(steps=0, target="wrong")})["wrong"][-1])
    clean = x + 1
    shows = {"target": {"wrong": (x, wrong), "none": (x, 0 * y)}}
    shows["input"] = {"clean": (clean, y), "none": (0 * x, y)}
    for key, choices in shows.items():
        for choice, (inputs, targets) in choices.items():
            shown = Phase(steps=2, start="blank", **{key: choice})
            found = ends({"first": Phase(steps=1), "shown": shown}, clean=clean)["shown"]
            state = SequentialState(sizes).init(inputs, targets)
            (_, end), *_ = run_phases(network, state, Phases(a=Phase(steps=2)), KEY)
            assert_same(found, [np.asarray(end.state[i]) for i in range(len(sizes))])


def test_without_random_stages_the_clean_input_is_the_given_one():
    found = ends({"given": Phase(steps=1), "clean": Phase(steps=1, start="blank", input="clean")})
    assert_same(found["given"], found["clean"])


def test_every_pair_of_choices_compiles():
    pairs = itertools.product(("given", "clean", "none"), ("given", "wrong", "none"))
    phases = Phases(
        {f"{a}-{b}": Phase(steps=1, start="random", input=a, target=b) for a, b in pairs}
    )
    layer_map, sizes = chain()
    network, (x, y) = SequentialOrchestrator(layer_map), sample(sizes)

    def run(network, x, y):
        state = SequentialState(sizes).init(x, y)
        return {name: end.state[-1] for name, end in run_phases(network, state, phases, KEY, 2 * x)}

    shapes = eqx.filter_eval_shape(run, network, x, y)
    assert {leaf.shape for leaf in jax.tree.leaves(shapes)} == {y.shape}


SCORED = Phases(
    free=Phase(steps=1, messages="forward"),
    wrong=Phase(steps=1, target="wrong", wrong_by="free"),
)


@pytest.mark.parametrize(
    "phases",
    [
        Phases(a=Phase(steps=1, target="wrong")),
        Phases(a=Phase(steps=0, start="random")),
        SCORED,
    ],
    ids=["wrong", "random", "wrong by scores"],
)
def test_devices_that_share_a_batch_draw_what_one_draws(phases):
    """Oracle: the whole batch. A mapped axis stands for the devices."""
    layer_map, sizes = chain()
    network, (x, y) = SequentialOrchestrator(layer_map), sample(sizes, batch=6)

    def run(x, y, axis=None):
        state = SequentialState(sizes).init(x, y)
        *_, (_, end) = run_phases(network, state, phases, KEY, axis=axis)
        return [end.state[i] for i in range(len(sizes))]

    parts = x.reshape(2, 3, -1), y.reshape(2, 3, -1)
    mapped = jax.vmap(partial(run, axis="devices"), axis_name="devices")
    alone, shared = jax.jit(run)(x, y), jax.jit(mapped)(*parts)
    for one, many in zip(alone, shared, strict=True):
        np.testing.assert_array_equal(many.reshape(one.shape), one)
