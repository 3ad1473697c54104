"""Relaxation, margins, overlaps, basins. Oracles: numpy, counting, a Hopfield network."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.analysis import basins, margins, overlaps, relaxation
from darnax.layer_map import LayerMap
from darnax.modules import FullyConnected, OutputLayer, RecurrentDiscrete
from darnax.observables import overlap
from darnax.orchestrators import SequentialOrchestrator
from darnax.phases import Phase, Phases
from darnax.schedule import run_phases
from darnax.states import SequentialState

UNITS, KEY = 40, jax.random.key(2)


def network(j_d=0.3):
    k = jax.random.split(KEY, 4)
    hidden = {
        0: FullyConnected(6, UNITS, key=k[0]),
        1: RecurrentDiscrete(UNITS, j_d, key=k[1]),
        2: FullyConnected(3, UNITS, 2.0, rule=None, key=k[2]),
    }
    rows = {1: hidden, 2: {1: FullyConnected(UNITS, 3, key=k[3]), 2: OutputLayer()}}
    return SequentialOrchestrator(LayerMap.from_dict(rows))


def shown(batch=7):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(batch, 6)), 2.0 * np.eye(3)[rng.integers(0, 3, batch)] - 1
    return SequentialState([(6,), (UNITS,), (3,)]).init(
        jnp.asarray(x, jnp.float32), jnp.asarray(y, jnp.float32)
    )


def test_the_curves_are_those_of_the_naive_model():
    net, state = network(), shown()
    layer, (w_in, w_back) = net.layer_map[1, 1], (np.asarray(net.layer_map[1, j].W) for j in (0, 2))
    phases = {
        "clamped": Phase(steps=3),
        "free": Phase(steps=2, messages="forward"),
        "again": Phase(steps=1, start="blank"),
    }
    table = relaxation.curves(net, state, "training", phases, KEY)

    x, y, s, expected = np.asarray(state[0]), np.asarray(state[2]), np.zeros((7, UNITS)), []
    for clamped, blank in [(True, False)] * 3 + [(False, False)] * 2 + [(True, True)]:
        s = np.zeros_like(s) if blank else s
        h = x @ w_in + clamped * y @ w_back + s @ np.asarray(layer.J) + 0.3 * s
        new = np.where(h >= 0, 1, -1)
        expected.append(np.mean(new != s))
        s = new
    assert [row[2] for row in table.rows] == ["clamped"] * 3 + ["free"] * 2 + ["again"]
    assert [row[3] for row in table.rows] == [1, 2, 3, 4, 5, 6]
    assert [row[4] for row in table.rows] == pytest.approx(expected)
    assert 0 < expected[1] < 1


def test_the_states_of_phases_with_wrong_targets_are_those_of_training():
    """Oracle: the phases of a training step, with wrong targets that are as good as certain."""
    net, state = network(), shown()
    surer = eqx.tree_at(lambda net: net.layer_map[2, 1].W, net, 1e6 * net.layer_map[2, 1].W)
    phases = Phases(
        free=Phase(steps=2, messages="forward"),
        wrong=Phase(steps=2, target="wrong", wrong_by="free"),
    )
    *_, (_, _, _, last) = relaxation.iterate_steps(surer, state, phases, KEY)
    end = dict(run_phases(surer, state, phases, KEY))["wrong"].state
    for i in range(3):
        np.testing.assert_array_equal(last[i], end[i])


def test_a_phase_until_a_fixed_point_ends_where_nothing_flips():
    phases = {"on": Phase(until="fixed_point", max_steps=50)}
    flips = [row[4] for row in relaxation.curves(network(3.0), shown(), "", phases, KEY).rows]
    assert flips[-1] == 0
    assert all(flips[:-1])


def test_the_histogram_counts_stable_and_unstable_units_apart():
    rng = np.random.default_rng(1)
    values = {"before": rng.normal(size=(50, 20)), "after": rng.normal(2, 3, size=(50, 20))}
    table = margins.distributions({"hidden": values})
    for when, came in values.items():
        rows = [row for row in table.rows if row[1] == when]
        assert sum(row[3] for row in rows) == pytest.approx(1)
        assert sum(row[3] for row in rows if row[2] < 0) == pytest.approx(np.mean(came < 0))
    middles = [[row[2] for row in table.rows if row[1] == when] for when in values]
    assert middles[0] == middles[1]
    narrow = [row for row in table.rows if row[1] == "before" and 0 < row[2] < 1]
    width = narrow[1][2] - narrow[0][2]
    for _, _, middle, share in narrow[:3]:
        assert share == pytest.approx(
            np.mean(np.abs(values["before"] - middle) < width / 2), abs=2e-3
        )


def test_stable_units_alone_have_a_histogram():
    table = margins.distributions({"hidden": {"after": np.full((2, 3), 1.5)}})
    assert sum(row[3] for row in table.rows) == pytest.approx(1)


def test_the_overlap_of_continuous_states_is_their_cosine():
    """Oracle: the angle between two vectors; a state of zeros has none."""
    first = np.array([[3.0, 0.0], [0.0, 0.0]], np.float32)
    second = np.array([[2.0, 2.0], [1.0, 0.0]], np.float32)
    found = overlaps.by_class({"a": {"one": first}, "b": {"one": second}}, np.arange(2), "xy")
    assert [row[3] for row in found.rows] == pytest.approx([np.cos(np.pi / 4), 0])
    in_training = overlap(jnp.asarray(first), jnp.asarray(second))
    assert float(in_training) == pytest.approx(np.cos(np.pi / 4) / 2)


def test_overlaps_are_means_of_products_by_class():
    rng = np.random.default_rng(2)
    moments = {
        phase: {"one": rng.choice([-1.0, 1.0], (8, 5))} for phase in ("clamped", "free", "recall")
    }
    classes = np.array([2, 0, 2, 0, 2, 2, 0, 2])
    found = {row[1:3]: row[3] for row in overlaps.by_class(moments, classes, ("a", "b", "c")).rows}
    assert set(found) == {
        (p, c) for p in ("clamped – free", "clamped – recall", "free – recall") for c in "ac"
    }
    total = sum(
        moments["clamped"]["one"][b, i] * moments["recall"]["one"][b, i]
        for b in (1, 3, 6)
        for i in range(5)
    )
    assert found["clamped – recall", "a"] == pytest.approx(total / 15)


def test_one_pattern_attracts_every_state_nearer_to_it():
    """J = ξξ'/N takes any state in one step to ξ or −ξ, whichever is nearer."""
    pattern = np.sign(np.random.default_rng(3).normal(size=200)).astype(np.float32)
    layer = RecurrentDiscrete(200, 0.0, key=KEY)
    hopfield = np.outer(pattern, pattern) / 200
    np.fill_diagonal(hopfield, 0)
    layer = eqx.tree_at(lambda m: m.J, layer, jnp.asarray(hopfield))
    readout = FullyConnected(200, 2, key=KEY)
    readout = eqx.tree_at(
        lambda m: m.W, readout, jnp.asarray(np.stack([pattern, -pattern], axis=1))
    )
    net = SequentialOrchestrator(
        LayerMap.from_dict({1: {1: layer}, 2: {1: readout, 2: OutputLayer()}})
    )
    state = (
        SequentialState([(1,), (200,), (2,)])
        .init(jnp.zeros((30, 1)))
        .replace_val(1, jnp.tile(pattern, (30, 1)))
    )
    table = basins.basins(net, state, "forward", KEY, (0.0, 0.2, 0.8))
    found = {(row[0], row[1]): row[2] for row in table.rows}
    assert [found[p, "back"] for p in (0.0, 0.2, 0.8)] == [1, 1, 0]
    assert [found[p, "answer"] for p in (0.0, 0.2, 0.8)] == [1, 1, 0]
    assert [found[p, "overlap after"] for p in (0.0, 0.2, 0.8)] == [1, 1, -1]
    assert found[0.2, "overlap before"] == pytest.approx(
        0.6, abs=5 * 0.8 / 6000**0.5
    )  # 2√(p(1−p)) is 0.8
