"""Oracle: numpy, and the laws of a Gaussian matrix."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.data import (
    AppendConstant,
    Centre,
    Flatten,
    Pipeline,
    RandomProjection,
    Scale,
    Sign,
    Standardise,
)
from darnax.data.encodings import Stage

RAW = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 1), dtype=np.uint8)

CASES = {
    "scale": (Scale(255.0), RAW / np.float32(255)),
    "centre": (Centre(0.5), RAW - np.float32(0.5)),
    "standardise": (Standardise(2.0, 4.0), (RAW - np.float32(2)) / np.float32(4)),
    "flatten": (Flatten(), RAW.reshape(6, 20)),
    "append a constant": (
        AppendConstant(0.5),
        np.concatenate([RAW, np.full((6, 5, 4, 1), 0.5)], axis=-1),
    ),
    "sign": (Sign(), np.ones_like(RAW)),
    "nothing": (Pipeline({}), RAW),
    "all": (
        Pipeline({"z": Scale(2.0), "a": Centre(30.0), "m": Flatten(), "b": Sign()}),
        np.where(RAW.reshape(6, 20) / 2 - 30 >= 0, 1, -1),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_stages_equal_numpy_with_and_without_jit(name: str) -> None:
    stage, expected = CASES[name]
    for run in (stage, jax.jit(stage)):
        with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
            got = run(jnp.asarray(RAW))
        assert got.dtype == jnp.float32
        np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_ties_go_to_plus_one() -> None:
    assert Sign()(jnp.array([[-0.5, 0.0, -0.0, 2.0]])).tolist() == [[-1, 1, 1, 1]]


def test_the_order_of_the_mapping_survives_a_round_trip_through_jit() -> None:
    pipeline = Pipeline({"z": Centre(1.0), "a": Scale(2.0)})
    again = jax.jit(lambda p: p)(pipeline)
    assert again.names == ("z", "a")
    assert again(jnp.array([[3]], jnp.uint8)).tolist() == [[1.0]]


@pytest.mark.parametrize("jit", [False, True])
def test_projection_is_linear_with_one_matrix(jit: bool) -> None:
    stage: Stage = RandomProjection(features=50, seed=3)
    run = jax.jit(stage) if jit else stage
    G = np.asarray(run(jnp.eye(300).reshape(300, 20, 15)))
    assert G.shape == (300, 50)
    x = np.random.default_rng(1).standard_normal((4, 20, 15)).astype(np.float32)
    np.testing.assert_allclose(run(jnp.asarray(x)), x.reshape(4, 300) @ G, rtol=1e-4, atol=1e-5)
    # 15,000 entries of N(0, 1/300): the deviation is known to 0.6%, the mean to 0.8% of it.
    assert G.std() * 300**0.5 == pytest.approx(1, abs=0.03)
    assert G.mean() * 300**0.5 == pytest.approx(0, abs=0.04)


def test_a_projection_depends_on_its_seed_only() -> None:
    x = jnp.ones((2, 10))
    once, again, other = (RandomProjection(5, seed)(x) for seed in (0, 0, 1))
    assert jnp.array_equal(once, again)
    assert not jnp.allclose(once, other)


def test_projection_is_drawn_while_compiling_not_in_every_step() -> None:
    jaxpr = str(jax.make_jaxpr(RandomProjection(5, 0))(jnp.ones((2, 10))))
    assert "random" not in jaxpr
    assert "threefry" not in jaxpr
