"""Oracle: counting, and the law of large numbers."""

import numpy as np
import pytest

from darnax.data import Associations
from darnax.errors import RequestError


def test_pairs() -> None:
    dataset = Associations(inputs=200, outputs=30, load=0.7, seed=1).open()
    (train,), (test,) = dataset.train.windows(0), dataset.test.windows(None)
    assert train.inputs.shape == (140, 200)
    assert train.targets.shape == (140, 30)
    assert train.inputs.dtype == train.targets.dtype == np.float32
    assert set(np.unique(train.inputs)) == set(np.unique(train.targets)) == {-1.0, 1.0}
    np.testing.assert_array_equal(train.inputs, test.inputs)
    np.testing.assert_array_equal(train.targets, test.targets)
    assert abs(float(train.inputs.mean())) < 5 / (140 * 200) ** 0.5
    assert dataset.validation is dataset.train  # recall of what was stored is the task
    assert dataset.class_names == ()


def test_seed() -> None:
    def inputs(seed: int) -> np.ndarray:
        return np.asarray(next(Associations(50, 5, 1.0, seed).open().train.windows(0)).inputs)

    np.testing.assert_array_equal(inputs(0), inputs(0))
    assert (inputs(0) != inputs(1)).mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("sizes", [(0, 1, 1.0), (10, 0, 1.0), (10, 1, 0.01), (10, 1, -1.0)])
def test_refuses_an_empty_task(sizes: tuple[int, int, float]) -> None:
    with pytest.raises(RequestError, match=r"data\.source: got inputs="):
        Associations(*sizes).open()
