"""All constructors of Optax train or are refused with a message. Oracle: Optax used directly."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from optax_table import (
    CONSTRUCTORS,
    FALLING,
    SGD,
    as_optimizer,
    by_default,
    each_argument_once,
    is_schedule,
    modules,
    needs_a_function,
    unannotated,
)
from tiny import moves, tiny, trained

from darnax.builder.calls import Reader
from darnax.builder.optax_names import REFUSED, builds
from darnax.builder.optimizers import Transformation, read_transformation
from darnax.builder.problems import Problems
from darnax.builder.targets import find
from darnax.errors import RequestError
from darnax.runner import checkpoint

RAW = re.compile(r"\w+Error|Tracer|tracer|<function| at 0x")  # what no refusal shows
FEW = {  # of which the default tests try every argument: those in use, and some of every kind
    "optax.sgd",
    "optax.adamw",
    "optax.apply_every",
    "optax.noisy_sgd",
    "optax.radam",
    "optax.scale_by_sm3",
    "optax.schedules.sgdr_schedule",
    "optax.sgdr_schedule",
    "optax.sm3",
    "optax.warmup_cosine_decay_schedule",
    "optax.warmup_exponential_decay_schedule",
}
COMPILED_IN = {  # decide in Python by a number
    "optax.scale_by_distance_over_gradients",
    "optax.scale_by_sm3",
    "optax.warmup_cosine_decay_schedule",
    "optax.warmup_exponential_decay_schedule",
}
UNABLE = {  # arguments with which a constructor cannot be used here, and the reason in the message
    ("apply_every", "k", "a schedule"): "cannot use a schedule for k",
    (
        "scale_by_sm3",
        "b2",
        "a schedule",
    ): "cannot use a schedule for b2 (scale_by_sm3 decides in Python",
    ("muon", "ns_steps", "a schedule"): "cannot use a schedule for ns_steps",
    ("sam", "opaque_mode", "a value"): "cannot use true for opaque_mode",
    (
        "ademamix",
        "mu_dtype",
        "a value",
    ): "would keep a state that changes its type from step to step",
    (
        "scale_by_ademamix",
        "mu_dtype",
        "a value",
    ): "would keep a state that changes its type from step to step",
}

USABLE = [target for target in CONSTRUCTORS if not needs_a_function(target)]
pytestmark = pytest.mark.filterwarnings("ignore:`optimistic_adam` is deprecated")


def some(few):
    """Mark all but a few constructors as slow."""
    return pytest.mark.parametrize(
        "target",
        [each if each in few else pytest.param(each, marks=pytest.mark.slow) for each in USABLE],
    )


def read(node) -> Transformation:
    """Build an optimiser from its node; raise RequestError with its problems."""
    problems = Problems()
    transformation = read_transformation(node, "optimizer.default", Reader(problems, epochs=True))
    problems.raise_if_any()
    assert transformation is not None
    return transformation


def error_text(node) -> str:
    with pytest.raises(RequestError) as caught:
        read(node)
    return str(caught.value)


@pytest.mark.parametrize("target", USABLE)
def test_constructors_of_optax_can_be_built_and_traced(target):
    (call,) = read(as_optimizer(by_default(target))).calls
    call = call.arguments["learning_rate"] if is_schedule(target) else call
    assert call.compiled_in == (target in COMPILED_IN)


@some(FEW)
def test_every_argument_is_accepted_or_refused_with_a_message(target):
    for node in each_argument_once(target):
        (name,) = [name for name in node if node[name] != by_default(target).get(name)] or [""]
        kind = "a schedule" if node.get(name) == FALLING else "a value"
        words = UNABLE.get((target.rpartition(".")[2], name, kind))
        if words is None:
            read(as_optimizer(node))
        else:
            assert words in error_text(node)
            assert not RAW.search(error_text(node))


def steps_of(transformation):
    """Return the updates of three steps, of weights of two shapes."""
    parameters = {
        "a": jnp.linspace(-1, 1, 6).reshape(2, 3),
        "b": jnp.full((4, 4), 0.5) + jnp.eye(4),
    }

    @jax.jit
    def run(parameters):
        state, found = transformation.init(parameters), []
        for n in range(3):
            gradients = jax.tree.map(lambda leaf, n=n: jnp.cos(3 * leaf + n), parameters)
            updates, state = transformation.update(gradients, state, parameters)
            parameters = optax.apply_updates(parameters, updates)
            found.append(updates)
        return found

    return run(parameters)


def by_hand(value):
    """Build without darnax: call Optax's constructor with the values of the node."""
    if isinstance(value, dict) and "_target_" in value:
        constructor = CONSTRUCTORS[value["_target_"]]
        return constructor(
            **{name: by_hand(item) for name, item in value.items() if name != "_target_"}
        )
    if isinstance(value, dict):
        return {
            int(name) if name.isdecimal() else name: by_hand(item) for name, item in value.items()
        }
    return [by_hand(item) for item in value] if isinstance(value, list) else value


@some(FEW)
def test_steps_equal_those_of_optax_used_directly(target):
    node = as_optimizer(by_default(target))
    found, expected = steps_of(read(node)(7)), steps_of(by_hand(node))
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        # By hand, 1 − 0.999 is a number of 64 bits; in the state of an optimiser, of 32.
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=5e-5)


STILL = {"optax.set_to_zero"}


@some({"optax.warmup_cosine_decay_schedule"})
def test_optimisers_train_a_network_and_are_restored_from_a_checkpoint(target, tmp_path):
    node = as_optimizer(by_default(target))
    runs, before, state = trained(tiny(**node))
    assert moves(before, state) == (target not in STILL)
    path = checkpoint.save(tmp_path, 2, state, {}, keep=1)
    again, _ = checkpoint.load(path, runs.abstract_state())
    jax.tree.map(
        lambda one, other: np.testing.assert_array_equal(one, other), plain(again), plain(state)
    )


def plain(tree):
    """Return the key data of PRNG keys."""
    is_key = lambda leaf: jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)  # noqa: E731
    return jax.tree.map(lambda leaf: jax.random.key_data(leaf) if is_key(leaf) else leaf, tree)


@pytest.mark.parametrize("name", REFUSED)
def test_unsupported_optimisers_are_refused_with_name_and_reason(name):
    module, _, last = f"optax.{name}".rpartition(".")
    assert last in {*vars(modules()[module]), "MultiSteps"}, "a name that Optax has"
    assert f"optax.{name} {REFUSED[name]}" in error_text({"_target_": f"optax.{name}"})
    with pytest.raises(ValueError, match=re.escape(f"optax.{last} ")):
        find(f"optax.{last}", ())


def test_every_unannotated_constructor_is_in_the_table():
    """Of the functions without return annotation, only refused ones build a transformation."""
    computing = {
        "base_hungarian_algorithm",
        "hungarian_algorithm",
        "make_fenchel_young_loss",
        "matrix_inverse_pth_root",
    }
    computing |= {"schedule_free_eval_params", "sigmoid_binary_cross_entropy"}
    computing |= {
        "tree_update_infinity_moment",
        "tree_update_moment",
        "tree_update_moment_per_elem_norm",
    }
    assert unannotated() - computing == {"hutchinson_estimator_diag_hessian", "monitor"}


OTHERS = sorted(
    f"{name}.{each}"
    for name, module in modules().items()
    for each, value in vars(module).items()
    if not each.startswith("_") and not builds(value)
)


def test_other_names_of_optax_are_refused():
    """Losses, projections, trees, classes, submodules, and whatever a module of Optax imports."""
    assert len(OTHERS) > 300
    for target in OTHERS:
        with pytest.raises(ValueError, match=r"optax"):
            find(target, ())


WRONG = {
    "a line search": (
        {"_target_": "optax.lbfgs"},
        "lbfgs needs 'value', 'grad', and 'value_fn' in every step: these come",
    ),
    "a name of a type": (
        SGD | {"_target_": "optax.adam", "mu_dtype": "float99"},
        'adam cannot use "float99" for mu_dtype',
    ),
    "no tree": (
        SGD | {"_target_": "optax.contrib.muon", "muon_weight_dimension_numbers": 0.3},
        "in the shape of the network",
    ),
    "a negative count": (
        SGD
        | {
            "learning_rate": {
                "_target_": "optax.cosine_decay_schedule",
                "init_value": 1.0,
                "decay_steps": -1,
            }
        },
        "requires positive decay_steps",
    ),
    "a schedule for a seed": (
        SGD | {"_target_": "optax.noisy_sgd", "key": FALLING},
        "got linear_schedule, expected an integer",
    ),
    "no function": ({"_target_": "optax.stateless"}, "f: is missing"),
    "a function of Optax": (
        {
            "_target_": "optax.stateless",
            "f": {"_target_": "optax.projections.projection_non_negative"},
        },
        "optax.projections.projection_non_negative builds no optimiser",
    ),
}


@pytest.mark.parametrize(("node", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_argument_is_refused_with_a_message(node, words):
    assert words in error_text(node)
    assert not RAW.search(error_text(node))


def test_traced_numbers_share_a_program_and_compiled_constants_do_not():
    def structure(peak, rate):
        warm = {
            "_target_": "optax.warmup_cosine_decay_schedule",
            "init_value": 0.0,
            "warmup_steps": 2,
            "decay_steps": 9,
        }
        chain = {
            "a": SGD | {"learning_rate": rate},
            "b": SGD | {"learning_rate": warm | {"peak_value": peak}},
        }
        return jax.tree.structure(read(chain))

    assert structure(1.0, 0.1) == structure(1.0, 0.2)
    assert hash(structure(1.0, 0.1)) == hash(structure(1.0, 0.2))
    assert structure(1.0, 0.1) != structure(2.0, 0.1)
    assert structure(1, 0.1) != structure(1.0, 0.1)
