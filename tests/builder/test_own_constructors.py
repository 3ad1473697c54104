"""Constructors of a trusted package with control flow on numbers. Oracle: the same without it."""

import jax
import numpy as np
import pytest
from chain import changed
from optax_table import FALLING, SGD
from tiny import moves, tiny, trained

from darnax.builder import build
from darnax.errors import RequestError

OWN = """
import jax, optax
from jax.typing import ArrayLike
from darnax.modules import FullyConnected

def careful(rate: ArrayLike, sizes: ArrayLike = 1.0, rest: float = 0.0):
    if rate < 0:
        raise ValueError(f"the rate is {rate}, expected one from 0")
    if len(getattr(sizes, "shape", ())) and sizes[0] < 0:
        raise ValueError("a negative size")
    return optax.sgd(rate)

def plain(rate: float):
    if rate < 0:
        raise ValueError("below 0")
    return optax.sgd(rate)

def down(start: ArrayLike):
    if start < 0:
        raise ValueError("below 0")
    return optax.linear_schedule(start, 0.0, 10)

def of_two_by_two():
    def reshape(updates, _):
        return jax.tree.map(lambda leaf: leaf.reshape(2, 2), updates)

    return optax.stateless(reshape)

def broken(rate):
    return {}["nothing"]

class Careful(FullyConnected):
    def __init__(self, in_features: int, out_features: int, strength: ArrayLike = 1.0, *, key):
        if strength < 0:
            raise ValueError(f"the strength is {strength}, expected one from 0")
        super().__init__(in_features, out_features, strength, key=key)
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Return a trusted package whose constructors branch on their numbers."""
    (tmp_path / "own_package.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)

    def changes(target, **arguments):
        node = {"_target_": f"own_package.{target}", **arguments}
        return {"trust": ["own_package"], "optimizer.default": node, "optimizer.groups": {}}

    return changes


@pytest.mark.parametrize(
    ("target", "arguments"),
    [
        ("careful", {"rate": 0.1, "sizes": [1.0, 2.0]}),
        pytest.param("plain", {"rate": 0.1}, marks=pytest.mark.slow),
        pytest.param("sgd", {}, marks=pytest.mark.slow),
    ],
)
def test_a_constructor_that_branches_on_its_numbers_trains(own, target, arguments):
    changes = own(target, **arguments)
    if target == "sgd":
        down = {"_target_": "own_package.down", "start": 0.1}
        changes["optimizer.default"] = {"_target_": "optax.sgd", "learning_rate": down}
    _, before, found = trained(tiny(changes))
    _, _, expected = trained(tiny(**SGD))
    if target == "sgd":
        _, _, expected = trained(
            tiny(**SGD | {"learning_rate": FALLING | {"end_value": 0.0, "transition_steps": 10}})
        )
    assert moves(before, found)
    for one, other in zip(
        jax.tree.leaves(found.arrays), jax.tree.leaves(expected.arrays), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("target", "arguments", "words"),
    [
        ("careful", {"rate": -1.0}, r"the rate is -1\.0, expected one from 0"),
        ("plain", {"rate": -1.0}, "below 0"),
        (
            "careful",
            {"rate": FALLING},
            "careful decides in Python by a number that changes from step to step",
        ),
        ("broken", {"rate": 1.0}, "broken does not accept these arguments: KeyError: 'nothing'"),
    ],
)
def test_errors_of_a_constructor_are_reported_before_a_folder_is_created(
    own, target, arguments, words
):
    with pytest.raises(RequestError, match=words):
        build(changed(own(target, **arguments)))


def test_a_module_that_branches_on_its_numbers_trains(own):
    careful = {"_target_": "own_package.Careful", "from": "input", "to": "hidden[1]"}
    changes = {"trust": ["own_package"], "model.adapters.w_in": careful}
    _, before, learner = trained(tiny(changes))
    assert moves(before, learner)
    changes["model.adapters.w_in"] = careful | {"strength": -1.0}
    with pytest.raises(RequestError, match=r"w_in: the strength is -1\.0, expected one from 0"):
        build(changed(changes))


def test_optimisers_that_do_not_fit_the_modules_are_refused_with_the_group(own):
    changes = own("careful", rate=0.1) | {
        "optimizer.groups": {"w_in": {"_target_": "own_package.of_two_by_two"}}
    }
    with pytest.raises(
        RequestError,
        match=r"^optimizer\.groups\.w_in: cannot take steps with these modules: of_two_by_two",
    ):
        build(changed(changes))


WITHOUT_FIELD = """
import jax.numpy as jnp
from darnax.rules import Rule

class Undeclared(Rule):
    def __init__(self, rate: float = 1.0):
        self.rate = jnp.asarray(rate)

    def signal(self, y, h):
        return y * self.rate
"""


PLAIN_NUMBER = """
from darnax.rules import Rule

class Plain(Rule):
    rate: float

    def __init__(self, rate=0.5):
        self.rate = rate

    def signal(self, y, h):
        return y * self.rate
"""


@pytest.mark.parametrize("field", ["rate: float", "rate: float = eqx.field(static=True)"])
def test_a_rule_with_a_plain_number_is_told_how_to_declare_it(tmp_path, monkeypatch, field):
    """Oracle: the remedy that the message names builds."""
    is_static = "static" in field
    source = "import equinox as eqx\n" + PLAIN_NUMBER.replace("rate: float", field)
    package = f"plainlab_{is_static}".lower()
    (tmp_path / f"{package}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    hidden = {
        "_target_": "darnax.modules.RecurrentDiscrete",
        "j_d": 0.5,
        "rule": {"_target_": f"{package}.Plain"},
    }
    config = changed({"model.layers.hidden": hidden, "trust": [package]})
    if is_static:
        build(config)
        return
    message = r"rule\.rate: got the number 0\.5, expected an array; declare `rate: Array`"
    with pytest.raises(RequestError, match=message):
        build(config)


def test_a_field_that_a_class_does_not_declare_is_named_with_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "fieldlab.py").write_text(WITHOUT_FIELD)
    monkeypatch.syspath_prepend(tmp_path)
    hidden = {
        "_target_": "darnax.modules.RecurrentDiscrete",
        "j_d": 0.5,
        "rule": {"_target_": "fieldlab.Undeclared"},
    }
    config = changed({"model.layers.hidden": hidden, "trust": ["fieldlab"]})
    with pytest.raises(RequestError, match=r"'rate'; declare it in the body of the class"):
        build(config)
