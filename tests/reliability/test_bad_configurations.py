"""Corrupted configurations of shipped experiments. Oracle: a RequestError, or a training step."""

import copy
from typing import Any

import pytest
from hanging import interrupted_if_endless
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mutations import HUGE, corrupted
from sampling import one_of
from small_experiments import SHIPPED, check_message, composed, steps

from darnax.builder import build
from darnax.errors import RequestError

EXAMPLES, MANY = 3, 150
QUIET = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


def examine(config: dict[str, Any], *, really: bool = False) -> bool:
    """Return whether a configuration is accepted; a refusal must be a RequestError with a path."""
    with interrupted_if_endless():
        try:
            steps(config, really=really)
        except RequestError as error:
            check_message(error)
            return False
    return True


# The programs of others, with other data and numbers: by default these are built, and take no step.
# The others train in tests of their own, or in those marked slow.
QUICK = {"associations", "mnist_chain", "mnist_error", "mnist_conv"}
OF_EVERY_KIND = [
    name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in SHIPPED
]


@pytest.mark.parametrize("name", sorted(set(SHIPPED) - QUICK))
def test_shipped_experiments_are_built(name):
    assert build(composed(name)).name == name


@pytest.mark.parametrize("name", OF_EVERY_KIND)
def test_shipped_experiments_take_a_step(name):
    assert examine(composed(name))


@pytest.mark.parametrize("name", OF_EVERY_KIND)
def test_corrupted_configurations(name, cases):
    @settings(max_examples=EXAMPLES, derandomize=True, **QUIET)
    @given(corrupted(composed(name)))
    def check(config):
        cases["trees"] += 1
        examine(config)

    check()


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_many_corrupted_configurations(name, cases):
    @settings(max_examples=MANY, **QUIET)
    @given(corrupted(composed(name), most=3))
    def check(config):
        cases["trees"] += 1
        examine(config)

    check()


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_accepted_configurations_take_a_numerical_step(name, cases):
    @settings(max_examples=MANY // 5, **QUIET)
    @given(corrupted(composed(name), most=1))
    def check(config):
        cases["trees"] += 1
        cases["accepted"] += examine(config, really=True)

    check()


SECTIONS = ["model", "dynamics", "optimizer", "data", "runner", "tracking", "paths", "name", "seed"]
WHOLES = [
    None,
    True,
    3,
    HUGE,
    "x",
    [],
    [1],
    {},
    {"x": 1},
    {"_target_": "os.system"},
    {1: 2},
    {None: None},
]


@pytest.mark.parametrize("wholes", one_of(2, [WHOLES[::6], WHOLES]), ids=["some", "all"])
@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_of_another_type(section, wholes, cases):
    for whole in wholes:
        cases["wholes"] += 1
        accepted = examine({**composed("digits_smoke"), section: whole})
        assert not accepted or (section in ("name", "seed") and isinstance(whole, int | str)), whole


@settings(max_examples=20, derandomize=True, **QUIET)
@example(whole={})
@given(
    whole=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
    )
)
def test_a_configuration_that_is_not_a_mapping(whole, cases):
    if isinstance(whole, dict):
        cases["wholes"] += 1
        assert not examine(whole)


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the small chain with one value set, or deleted if it is ..."""
    config = copy.deepcopy(composed("digits_smoke"))
    *above, name = path.split(".")
    node = config
    for part in above:
        node = node[part]
    if value is ...:
        del node[name]
    else:
        node[name] = value
    return config


SGD = {"_target_": "optax.sgd", "learning_rate": 0.1}
FOUND = {  # by fuzzing: what once ended in a traceback, a hang or a folder of its own choice
    "a rule without a target": ("model.adapters.w_out.rule", {}),
    "a rule with a deleted target": ("model.adapters.w_out.rule", {"margin": 1}),
    "a name outside of the outputs": ("name", ".."),
    "a hidden name": ("name", ".x"),
    "a seed beyond 32 bits": ("seed", 10**30),
    "more replicas than an array can index": ("runner.replicas", 10**30),
    "a network too deep to compile": ("model.buffers.hidden.repeat", 10**7),
    "more steps than the device can count": ("dynamics.train.clamped.steps", 10**30),
    "infinite memory": ("data.memory_gib", float("inf")),
    "nan as a number": ("data.encode.scale.factor", float("nan")),
    "a number beyond 32 bits": ("data.labels.high", 1e300),
    "an object for a string": (
        "dynamics.train.free.messages",
        {"_target_": "darnax.rules.SoftmaxDelta"},
    ),
    "an object among names": (
        "dynamics.train.free.learn",
        ["w_in*", {"_target_": "optax.sgd", "learning_rate": 0.1}],
    ),
    "an optimiser for a label code": ("data.labels", SGD),
    "an optimiser for a stage": ("data.encode.scale", SGD),
    "an optimiser for a number": ("data.labels.high", SGD),
    "a schedule for a number": (
        "data.encode.scale.factor",
        {"_target_": "optax.constant_schedule", "value": 1.0},
    ),
    "an optimiser for a layer": ("model.layers.hidden", SGD),
    "a projection onto -1 features": (
        "data.encode.scale",
        {"_target_": "darnax.data.RandomProjection", "features": -1},
    ),
    "a projection onto too many features": (
        "data.encode.scale",
        {"_target_": "darnax.data.RandomProjection", "features": 10**30},
    ),
    "a projection of a seed beyond 32 bits": (
        "data.encode.scale",
        {"_target_": "darnax.data.RandomProjection", "features": 784, "seed": 10**30},
    ),
    "a source that is not a task": ("data.source", {"_target_": "darnax.data.Scale"}),
    "a source that writes files": (
        "data.source",
        {"_target_": "darnax.tracking.jsonl.Jsonl", "path": "x"},
    ),
}


@pytest.mark.parametrize(("path", "value"), FOUND.values(), ids=FOUND.keys())
def test_found_by_fuzzing(path, value):
    assert not examine(changed(path, value))


def test_found_by_fuzzing_error_units_with_three_inputs():
    config = copy.deepcopy(composed("entangled_error"))
    config["model"]["adapters"]["w_in"]["to"] = "error"
    with pytest.raises(
        RequestError, match=r"model.layers.error: 4 messages: got messages from 3 buffers"
    ):
        build(config)


ODD_NUMBERS = [-1, HUGE, -HUGE, float("nan"), float("inf"), 1e300, 10**7]
NUMBERS = [
    "seed",
    "runner.epochs",
    "runner.evaluate_every",
    "runner.checkpoint_every",
    "runner.keep",
    "runner.replicas",
    "runner.limit_batches",
    "data.batch_size",
    "data.classes",
    "data.validation",
    "data.per_class",
    "data.memory_gib",
    "data.encode.scale.factor",
    "data.labels.high",
    "model.buffers.hidden.repeat",
    "model.buffers.hidden.size",
    "model.layers.hidden.j_d",
    "model.layers.hidden.threshold",
    "model.layers.hidden.sparsity",
    "model.adapters.w_in.strength",
    "model.adapters.w_in.patch",
    "dynamics.train.clamped.steps",
    "optimizer.default.learning_rate",
]


@pytest.mark.slow
@pytest.mark.parametrize("path", NUMBERS)
def test_numbers_out_of_range(path, cases):
    for number in ODD_NUMBERS:
        cases["numbers"] += 1
        examine(changed(path, [number] if path.endswith("size") and "hidden" in path else number))
