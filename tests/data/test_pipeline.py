"""Keys and fitted numbers of a pipeline. Oracles: equality bit for bit, and numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.data import (
    Noise,
    Pipeline,
    RandomStage,
    Scale,
    Shift,
    Sign,
    StandardiseChannels,
    SubtractMean,
    Whiten,
)

X = jnp.asarray(np.random.default_rng(0).normal(size=(12, 4, 4, 1)).astype(np.float32))
KEY = jax.random.key(5)
NOISE = Noise(0.5, "sign_flips")


def test_an_example_is_disturbed_alike_in_any_batch():
    """The parts of a batch on several devices, and a batch in another order."""
    pipeline = Pipeline({"scale": Scale(2.0), "shift": Shift(1), "noise": NOISE})
    encode = jax.jit(lambda x, key, index: pipeline(x, key, index))
    index = jnp.array([7, 3, 11, 0, 5, 2, 1, 9, 4, 8, 6, 10])
    whole = np.asarray(encode(X, KEY, index))
    for part in (slice(0, 4), slice(4, 12), np.array([6, 2, 9])):
        np.testing.assert_array_equal(encode(X[part], KEY, index[part]), whole[part])
    assert not np.array_equal(encode(X, jax.random.key(6), index), whole)


def test_two_examples_and_two_stages_have_numbers_of_their_own():
    encode = Pipeline({"a": NOISE})
    ones = jnp.ones((2, 200))
    first, second = encode(ones, KEY)
    assert not np.array_equal(first, second)
    assert not np.array_equal(Pipeline({"b": NOISE})(ones, KEY)[0], first)


def test_a_stage_draws_the_same_with_another_one_before_it():
    ones = jnp.ones((3, 100))
    alone = Pipeline({"noise": NOISE})(ones, KEY)
    both = Pipeline({"other": Noise(0.0, "sign_flips"), "noise": NOISE})(ones, KEY)
    np.testing.assert_array_equal(alone, both)


def test_without_a_key_only_what_is_applied_always():
    ones = jnp.ones((2, 100))
    np.testing.assert_array_equal(Pipeline({"noise": NOISE})(ones), ones)
    always = Pipeline({"noise": Noise(0.5, "sign_flips", when="always")})
    assert (always(ones) == -1).any()
    np.testing.assert_array_equal(always(ones), always(ones))
    np.testing.assert_array_equal(
        always(ones), Pipeline({"noise": NOISE}).with_always(["noise"])(ones)
    )
    np.testing.assert_array_equal(always.clean(ones), ones)


def test_the_numbers_of_a_random_stage_are_leaves():
    encode = jax.jit(lambda pipeline: pipeline(jnp.ones((1, 5)), KEY))
    for share in (0.0, 0.3, 1.0):
        encode(Pipeline({"noise": Noise(share)}))
    assert encode._cache_size() == 1


class Half(RandomStage):
    """Keeps the left half, and forgets to say what a clean example is."""

    def __call__(self, x, key):
        return x[: len(x) // 2]


def test_another_shape_in_training_is_refused():
    with pytest.raises(ValueError, match=r"half: got \[2\] where it is applied and \[4\] where"):
        Pipeline({"half": Half()}).output_shape(jax.ShapeDtypeStruct((4,), jnp.float32))


def correlated(n: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    return (rng.normal(size=(n, 6)) @ rng.normal(size=(6, 6)) + 3).astype(np.float32)


def test_whitened_inputs_have_the_identity_as_covariance():
    x = correlated(5000).reshape(-1, 2, 3)
    encode = Pipeline({"whiten": Whiten(epsilon=1e-7)}).fit(jnp.asarray(x))
    y = np.asarray(encode(jnp.asarray(x)))
    assert y.shape == x.shape
    flat = y.reshape(len(y), -1)
    np.testing.assert_allclose(flat.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(np.cov(flat.T), np.eye(6), atol=1e-2)
    # ZCA is the symmetric choice among all whitenings.
    W = np.asarray(encode.fitted["whiten"]["W"])
    np.testing.assert_allclose(W, W.T, atol=1e-5)


def test_a_large_ridge_only_centres_and_scales():
    x = correlated(300)
    encode = Pipeline({"whiten": Whiten(epsilon=1e6)}).fit(jnp.asarray(x))
    variance = np.trace(np.cov(x.T, bias=True)) / 6
    expected = (x - x.mean(axis=0)) / np.sqrt(1e6 * variance)
    np.testing.assert_allclose(encode(jnp.asarray(x)), expected, rtol=1e-3, atol=1e-6)


def test_channels_have_mean_0_and_deviation_1():
    x = np.random.default_rng(0).normal([1, 5], [2, 0.1], (40, 3, 3, 2)).astype(np.float32)
    encode = Pipeline({"scale": Scale(0.5), "channels": StandardiseChannels()}).fit(jnp.asarray(x))
    y = np.asarray(encode(jnp.asarray(x)))
    np.testing.assert_allclose(y.mean(axis=(0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(y.std(axis=(0, 1, 2)), 1, atol=1e-4)


def test_no_more_than_the_asked_number_of_examples_is_fitted_to():
    x = np.concatenate([np.zeros((5, 1)), np.ones((5, 1))]).astype(np.float32)
    encode = Pipeline({"channels": StandardiseChannels(examples=3)}).fit(jnp.asarray(x))
    # The first, the middle and the last: 0, 0, 1.
    assert encode.fitted["channels"]["mean"] == pytest.approx(1 / 3)


def test_a_stage_that_was_not_fitted_is_refused():
    with pytest.raises(ValueError, match="Whiten has not been fitted; call `fit`"):
        Pipeline({"whiten": Whiten()})(X)


def test_the_mean_of_every_entry_is_subtracted_and_what_is_unknown_is_zero():
    """Oracle: numpy."""
    x = np.random.default_rng(0).normal(size=(20, 3, 2)).astype(np.float32)
    encode = Pipeline({"centre": SubtractMean()}).fit(jnp.asarray(x))
    np.testing.assert_allclose(encode(jnp.asarray(x)), x - x.mean(axis=0), atol=1e-6)
    x[4, 1, 0] = np.nan
    assert encode(jnp.asarray(x))[4, 1, 0] == 0
    signs = Pipeline({"sign": Sign()})(jnp.asarray([[2.0, 0.0, -0.0, -1.0, np.nan]]))
    assert signs.tolist() == [[1, 1, 1, -1, 0]]
    assert Pipeline({"sign": Sign()})(jnp.asarray([[3, 0, -2]])).tolist() == [[1, 1, -1]]
