"""Building a network. Oracles: a network built by hand; the same network without a module."""

import zlib

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest
from chain import ABSENT, FULL, IDENTITY, changed
from hypothesis import given, settings
from hypothesis import strategies as st

from darnax.builder import build
from darnax.builder.wiring import Buffers, Family, named_edges, read_endpoint
from darnax.layer_map import LayerMap
from darnax.modules import Ferromagnetic, FullyConnected, OutputLayer, RecurrentDiscrete
from darnax.orchestrators import ParallelOrchestrator, SequentialOrchestrator
from darnax.rules import SoftmaxDelta
from darnax.states import PackedState

KEY = jax.random.key(3)


def named(name):
    return jax.random.fold_in(KEY, zlib.crc32(name.encode()))


def by_hand():
    def hidden(name):
        return RecurrentDiscrete(8, 0.5, 1.0, sparsity=0.5, key=named(name))

    rows = {
        1: {
            0: FullyConnected(6, 8, 5.0, key=named("w_in")),
            1: hidden("hidden1"),
            2: Ferromagnetic(8, 0.5),
        },
        2: {1: Ferromagnetic(8, 1.0), 2: hidden("hidden2"), 3: Ferromagnetic(8, 0.5)},
        3: {
            2: Ferromagnetic(8, 1.0),
            3: hidden("hidden3"),
            4: FullyConnected(4, 8, rule=None, key=named("w_back")),
        },
        4: {3: FullyConnected(8, 4, rule=SoftmaxDelta(), key=named("w_out")), 4: OutputLayer()},
    }
    names = {(1, 0): "w_in", (3, 4): "w_back", (4, 3): "w_out", (4, 4): "output"}
    names |= {(i, i): f"hidden{i}" for i in (1, 2, 3)}
    names |= {(i + 1, i): f"up{i}" for i in (1, 2)} | {(i, i + 1): f"down{i}" for i in (1, 2)}
    return SequentialOrchestrator(LayerMap.from_dict(rows, names))


def same(left, right):
    """Return whether two trees are bit-identical, including static parts."""
    return bool(eqx.tree_equal(left, right))


def weights(experiment):
    layer_map = eqx.filter_jit(experiment.make_network)(KEY).layer_map
    return dict(zip(layer_map.names, layer_map.modules, strict=True))


def test_index_expressions_give_the_network_built_by_hand():
    assert same(build(changed({})).make_network(KEY), by_hand())


def test_the_network_may_be_made_under_jit_and_vmap():
    make = build(changed({})).make_network
    assert bool(eqx.tree_equal(eqx.filter_jit(make)(KEY), by_hand(), rtol=1e-6))
    replicas = eqx.filter_eval_shape(jax.vmap(make), jax.random.split(KEY, 2))
    assert replicas.layer_map.modules[0].W.shape == (2, 6, 8)


def test_adding_and_taking_away_modules_changes_no_other_weight():
    before = weights(build(changed({})))
    extra = {"from": "input", "to": "output", "_target_": FULL, "rule": None}
    after = weights(build(changed({"model.adapters.a_skip": extra, "model.adapters.down": ABSENT})))
    assert set(after) == set(before) - {"down1", "down2"} | {"a_skip"}
    assert all(same(after[name], before[name]) for name in set(before) & set(after))


def test_a_deeper_chain_keeps_the_weights_of_the_shallower():
    one, three = (
        weights(build(changed({"model.depth": d, "model.buffers.hidden.repeat": d})))
        for d in (1, 3)
    )
    assert set(one) == {"w_in", "hidden1", "w_back", "w_out", "output"}
    assert same(one["hidden1"], three["hidden1"])
    assert same(one["w_in"], three["w_in"])


def test_two_seeds_make_two_networks():
    make = build(changed({})).make_network
    assert not same(make(jax.random.key(0)), make(jax.random.key(1)))


def test_state_and_orchestrator_may_be_chosen():
    choices = {
        "model.state": {"_target_": "darnax.states.PackedState"},
        "dynamics.orchestrator._target_": "darnax.orchestrators.ParallelOrchestrator",
    }
    experiment = build(changed(choices))
    assert isinstance(experiment.state, PackedState)
    assert experiment.state.sizes == ((6,), (8,), (8,), (8,), (4,))
    assert isinstance(experiment.make_network(KEY), ParallelOrchestrator)


def test_sizes_of_several_dimensions_are_kept():
    image = {
        "model.buffers": {"input": [4, 4, 2], "hidden": [4, 4, 3], "output": [4]},
        "model.depth": ABSENT,
        "model.layers.hidden": {"_target_": "darnax.modules.RecurrentConvolution", "j_d": 0.5},
        "model.adapters": {
            "w_in": {"from": "input", "to": "hidden", "_target_": "darnax.modules.Convolution"},
            "w_out": {"from": "hidden", "to": "output", "_target_": FULL},
        },
        "data.shape": [4, 4, 2],
    }
    modules = weights(build(changed(image)))
    assert modules["w_in"].W.shape == (3, 3, 2, 3)
    assert modules["hidden"].J.shape == (3, 3, 3, 3)
    assert modules["w_out"].W.shape == (48, 4)


def test_an_experiment_sets_every_section():
    experiment = build(
        changed(
            {"dynamics.train.free.learn": ["w_*", "hidden*"], "data.only_classes": [1, 3, 5, 7]}
        )
    )
    assert list(experiment.train) == ["clamped", "free", "recall"]
    assert experiment.train["free"].learn == ("w_*", "hidden*")
    assert experiment.train["recall"].max_steps == 4
    assert experiment.data.only_classes == (1, 3, 5, 7)
    assert experiment.data.shape == (6,)
    assert experiment.data.encode(jnp.full((2, 6), 255, jnp.uint8)).tolist() == [[1.0] * 6] * 2
    assert (experiment.name, experiment.seed, experiment.runner.keep) == ("chain", 0, 2)
    assert list(experiment.tracking.trackers) == ["wandb"]
    assert experiment.tracking.trackers["wandb"].arguments["mode"] == "offline"


def test_a_network_may_start_without_adapters_between_its_layers():
    """At depth 1, `up` and `down` exist for no i, and globs may still refer to them."""
    shallow = {
        "model.depth": ABSENT,
        "model.buffers.hidden.repeat": 1,
        "dynamics.train.free.learn": ["w_in", "hidden*", "up*"],
        "optimizer.groups": {"down*": {"_target_": "optax.sgd", "learning_rate": 1.0}},
    }
    assert len(weights(build(changed(shallow)))) == 5


BUFFERS = Buffers(
    {"x": Family("x", (2,), None, 0), "h": Family("h", (2,), 5, 1), "y": Family("y", (2,), None, 6)}
)


@pytest.mark.parametrize(
    ("sender", "receiver", "expected"),
    [
        ("h[i]", "h[i+1]", {(2, 1), (3, 2), (4, 3), (5, 4)}),
        ("h[i+1]", "h[i]", {(1, 2), (2, 3), (3, 4), (4, 5)}),
        ("h[i-1]", "h[i]", {(2, 1), (3, 2), (4, 3), (5, 4)}),
        ("h[i]", "h[ i + 3 ]", {(4, 1), (5, 2)}),
        ("h[i+9]", "h[i]", set()),
        ("x", "h[i]", {(1, 0), (2, 0), (3, 0), (4, 0), (5, 0)}),
        ("x", "h[i+1]", {(2, 0), (3, 0), (4, 0), (5, 0)}),
        ("h[-1]", "y", {(6, 5)}),
        ("h[-5]", "h[2]", {(2, 1)}),
    ],
)
def test_endpoints(sender, receiver, expected):
    found = list(named_edges("a", read_endpoint(sender, BUFFERS), read_endpoint(receiver, BUFFERS)))
    assert {(place.receiver, place.sender) for place in found} == expected
    assert len({place.name for place in found}) == len(found)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.integers(-4, 4), st.integers(-4, 4))
def test_running_endpoints_are_every_i_for_which_both_exist(depth, a, b):
    """Oracle: trying every i."""
    buffers = Buffers({"x": Family("x", (1,), None, 0), "h": Family("h", (1,), depth, 1)})
    ends = (read_endpoint(f"h[i{shift:+d}]", buffers) for shift in (a, b))
    expected = [
        (f"w{i}", i + b, i + a) for i in range(1, 20) if 1 <= i + a <= depth and 1 <= i + b <= depth
    ]
    assert [tuple(place) for place in named_edges("w", *ends)] == expected


def test_a_custom_module_receives_the_arguments_its_constructor_names(tmp_path, monkeypatch):
    (tmp_path / "my_adapters.py").write_text(
        "from __future__ import annotations\n"
        "import jax.numpy as jnp\nfrom darnax.modules import Adapter\n"
        "class Repeat(Adapter):\n"
        "    out: int\n    gain: float\n"
        "    def __init__(self, out_features: int, gain: float = 1.0) -> None:\n"
        "        self.out, self.gain = out_features, gain\n"
        "    def __call__(self, x, rng=None):\n"
        "        return jnp.tile(x[:, :1], (1, self.out)) * self.gain\n"
        "    def backward(self, x, y, y_hat):\n        return self\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    node = {"from": "input", "to": "hidden[1]", "_target_": "my_adapters.Repeat", "gain": 2}
    modules = weights(
        build(
            changed({"trust": ["my_adapters"], "model.adapters.w_in": node, "optimizer.groups": {}})
        )
    )
    assert (modules["w_in"].out, modules["w_in"].gain) == (8, 2.0)


def test_identities_connect_buffers_of_equal_size():
    node = {"from": "low", "to": "high", "_target_": IDENTITY}
    wide = {
        "model.depth": ABSENT,
        "model.features": ABSENT,
        "model.buffers": {"input": [6], "low": [2, 3], "high": [2, 3], "output": [4]},
        "model.layers": {
            "low": {"_target_": "darnax.modules.RecurrentDiscrete", "j_d": 0.5},
            "high": {
                "_target_": "darnax.modules.RecurrentDiscrete",
                "j_d": [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]],
            },
            "output": {"_target_": "darnax.modules.OutputLayer"},
        },
        "model.adapters": {
            "w_in": {"from": "input", "to": "low", "_target_": FULL},
            "up": node,
            "w_out": {"from": "high", "to": "output", "_target_": FULL},
        },
        "dynamics.train.free.learn": ["*"],
        "optimizer.groups": {},
    }
    assert weights(build(changed(wide)))["up"].features == (2, 3)
