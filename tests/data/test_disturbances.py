"""Random stages. Oracles: plain numpy for the numbers that were drawn, and binomial statistics."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.data import Affine, Crop, Flip, Noise, Occlude, Pipeline, RandomStage, Rotate, Shift

IMAGE = np.random.default_rng(0).normal(size=(6, 5, 2)).astype(np.float32)
KEYS = jax.random.split(jax.random.key(1), 400)
MANY = jnp.asarray(np.random.default_rng(2).choice([-1.0, 1.0], (50, 400)).astype(np.float32))


def every(stage: RandomStage, x: np.ndarray, keys: jax.Array = KEYS) -> np.ndarray:
    """Apply a stage to one example with many keys."""
    applied = jax.jit(jax.vmap(lambda x, key: stage(x, key), in_axes=(None, 0)))
    return np.asarray(applied(x, keys))


def shifted(x: np.ndarray, down: int, right: int, fill: str) -> np.ndarray:
    """Shift by a loop over the pixels."""
    y = np.zeros_like(x)
    for r, c in np.ndindex(x.shape[:2]):
        row, column = r - down, c - right
        if fill == "edge":
            row, column = min(max(row, 0), 5), min(max(column, 0), 4)
        elif not (0 <= row < 6 and 0 <= column < 5):
            continue
        y[r, c] = x[row, column]
    return y


@pytest.mark.parametrize("fill", ["zeros", "edge"])
def test_every_shift_occurs_and_no_other(fill):
    expected = {
        shifted(IMAGE, down, right, fill).tobytes(): (down, right)
        for down in range(-2, 3)
        for right in range(-2, 3)
    }
    drawn = {expected[y.tobytes()] for y in every(Shift(2, fill), IMAGE)}
    assert drawn == set(expected.values())


@pytest.mark.parametrize("fill", ["zeros", "edge"])
def test_a_crop_is_a_square_of_the_padded_image(fill):
    mode = {"zeros": "constant", "edge": "edge"}[fill]
    padded = np.pad(IMAGE, ((1, 1), (1, 1), (0, 0)), mode)
    squares = {padded[r : r + 4, c : c + 4].tobytes(): (r, c) for r in range(5) for c in range(4)}
    stage = Crop(4, padding=1, fill=fill)
    assert {squares[y.tobytes()] for y in every(stage, IMAGE)} == set(squares.values())
    np.testing.assert_array_equal(stage.clean(jnp.asarray(IMAGE)), padded[2:6, 1:5])


@pytest.mark.parametrize(("direction", "axis"), [("horizontal", 1), ("vertical", 0)])
def test_a_flip_is_the_mirror_image_as_often_as_asked(direction, axis):
    mirrored = np.flip(IMAGE, axis)
    is_mirrored = [np.array_equal(y, mirrored) for y in every(Flip(0.3, direction), IMAGE)]
    assert np.mean(is_mirrored) == pytest.approx(0.3, abs=5 * math.sqrt(0.21 / 400))
    assert np.array_equal(every(Flip(1.0, direction), IMAGE)[0], mirrored)
    assert np.array_equal(every(Flip(0.0, direction), IMAGE)[0], IMAGE)


def within_5_sd(found: np.ndarray, share: float) -> bool:
    """Whether the share of `found` agrees with a binomial distribution."""
    return abs(found.mean() - share) < 5 * math.sqrt(share * (1 - share) / found.size)


def disturbed(stage: RandomStage, x: jax.Array = MANY) -> np.ndarray:
    """Apply a stage to a batch, as a pipeline does in training."""
    return np.asarray(jax.jit(Pipeline({"stage": stage}).__call__)(x, jax.random.key(3)))


def test_sign_flips_change_the_sign_of_a_share():
    ratio = disturbed(Noise(0.1, "sign_flips")) * np.asarray(MANY)
    assert set(np.unique(ratio)) == {-1.0, 1.0}
    assert within_5_sd(ratio == -1, 0.1)


def test_salt_and_pepper_have_a_share_in_halves():
    x = np.full((50, 400), 0.25, np.float32)
    y = disturbed(Noise(0.2, low=-3.0, high=7.0), jnp.asarray(x))
    assert set(np.unique(y)) == {-3.0, 0.25, 7.0}
    assert within_5_sd(y == -3, 0.1)
    assert within_5_sd(y == 7, 0.1)


def test_gaussian_noise_has_its_share_and_deviation():
    added = disturbed(Noise(0.5, "gaussian", deviation=2.0)) - np.asarray(MANY)
    drawn = added[np.abs(added) > 0]
    assert within_5_sd(added != 0, 0.5)
    assert abs(drawn.mean()) < 5 * 2 / math.sqrt(drawn.size)
    assert drawn.std() == pytest.approx(2, abs=5 * 2 / math.sqrt(2 * drawn.size))


def test_occluded_pixels_lose_all_channels():
    y = every(Occlude(0.3, "pixels", value=9.0), IMAGE)
    occluded = y == 9
    assert np.array_equal(occluded[..., 0], occluded[..., 1])
    assert within_5_sd(occluded[..., 0], 0.3)
    assert np.array_equal(y[~occluded], np.broadcast_to(IMAGE, y.shape)[~occluded])


def test_a_window_is_one_rectangle_at_every_place():
    places = set()
    for y in every(Occlude(0.25), IMAGE):  # a half of each side: 3 x 2 pixels
        rows, columns = np.nonzero((y == 0).all(axis=2))
        assert len(rows) == 6
        assert (np.ptp(rows), np.ptp(columns)) == (2, 1)
        places.add((rows.min(), columns.min()))
    assert places == {(r, c) for r in range(4) for c in range(4)}


def test_a_window_of_a_vector_is_an_interval():
    for y in every(Occlude(0.3), np.ones(10, np.float32), KEYS[:20]):
        (found,) = np.nonzero(y == 0)
        assert len(found) == 3
        assert np.ptp(found) == 2


def bilinear(x: np.ndarray, angle: float, size: float) -> np.ndarray:
    """Rotate and scale by a loop over the pixels, with the value of x at four neighbours."""
    height, width = x.shape
    y = np.zeros_like(x)
    for r, c in np.ndindex(*x.shape):
        down, right = r - (height - 1) / 2, c - (width - 1) / 2
        row = (math.cos(angle) * down + math.sin(angle) * right) / size + (height - 1) / 2
        column = (math.cos(angle) * right - math.sin(angle) * down) / size + (width - 1) / 2
        for i, j in np.ndindex(2, 2):
            a, b = math.floor(row) + i, math.floor(column) + j
            if 0 <= a < height and 0 <= b < width:
                y[r, c] += (1 - abs(row - a)) * (1 - abs(column - b)) * x[a, b]
    return y


def test_an_affine_image_is_that_of_a_loop_over_pixels():
    x, key = IMAGE[..., 0], KEYS[0]
    draws = np.asarray(jax.random.uniform(key, (2,), minval=-1.0, maxval=1.0))
    expected = bilinear(x, math.radians(40 * draws[0]), 1 + 0.3 * draws[1])
    np.testing.assert_allclose(Affine(40, 0.3)(jnp.asarray(x), key), expected, atol=1e-5)


def test_no_angle_and_no_scale_leave_the_image():
    np.testing.assert_allclose(every(Rotate(0), IMAGE)[0], IMAGE, atol=1e-6)


def test_rotations_stay_below_the_largest_angle():
    spot = np.zeros((21, 21), np.float32)
    spot[0, 10] = 1
    weights = every(Rotate(20), spot)
    columns = (weights * np.arange(21)).sum(axis=(1, 2)) / weights.sum(axis=(1, 2))
    # A spot at distance 10 from the centre moves by 10 sin 20° at most; 0.5 for the grid.
    assert 2 < np.abs(columns - 10).max() < 10 * math.sin(math.radians(20)) + 0.5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Shift(1.5), "pixels: got 1.5, expected an integer"),
        (lambda: Shift(-1), "pixels: got -1, expected a number in"),
        (lambda: Crop(0), "got size=0, padding=0, expected at least 1 and 0"),
        (lambda: Flip(1.2), "probability: got 1.2"),
        (lambda: Noise(float("nan")), "share: got nan"),
        (lambda: Noise(0.1, deviation=-1), "deviation: got -1"),
        (lambda: Occlude(-0.1), "share: got -0.1"),
        (lambda: Affine(scale=1), "scale: got 1"),
        (lambda: Rotate(200), "degrees: got 200"),
        (lambda: Crop(9)(jnp.ones((6, 5)), KEYS[0]), "size: got 9, expected at most 5"),
        (lambda: Shift(1)(jnp.ones(4), KEYS[0]), r"got an input of shape \[4\]"),
    ],
)
def test_wrong_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
