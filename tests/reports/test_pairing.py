"""Paired differences and corrected p-values, against scipy and by hand."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import ttest_rel

from darnax.reports.pairing import adjust_holm, pair
from darnax.reports.sample import Sample

DATA = {"data.name": "mnist", "model.depth": 1}


def runs_of(values, config=DATA):
    """Return a run and its sample for seed -> value."""
    runs = [SimpleNamespace(seeds=(seed,), config=config) for seed in values]
    return runs, [Sample(1, value, math.nan) for value in values.values()]


def test_differences_are_those_of_common_seeds():
    own, best = {0: 0.95, 1: 0.96, 2: 0.93, 7: 0.1}, {2: 0.95, 1: 0.97, 0: 0.98, 8: 0.9}
    found = pair(*runs_of(own), *runs_of(best))
    common = [0, 1, 2]
    test = ttest_rel([own[seed] for seed in common], [best[seed] for seed in common])
    interval = test.confidence_interval(0.95)
    assert found.n == 3
    assert np.isclose(found.p, test.pvalue)
    assert np.allclose([found.low, found.high], interval)
    assert np.isclose(found.mean, -0.02)


@pytest.mark.parametrize(
    "other",
    [
        runs_of({3: 0.9, 4: 0.9}),
        runs_of({0: 0.9}),
        runs_of({0: 0.9, 1: 0.9}, {"data.name": "fashion_mnist"}),
        ([SimpleNamespace(seeds=(0, 1), config=DATA)], [Sample(2, 0.9, 0.1)]),
        ([], []),
    ],
    ids=["no common seed", "one", "other data", "replicas", "no run"],
)
def test_there_is_no_difference_without_pairs(other):
    assert pair(*runs_of({0: 0.95, 1: 0.96}), *other) is None


def test_rows_with_another_code_of_the_same_examples_are_paired():
    coded = runs_of({0: 0.9, 1: 0.92}, DATA | {"data.labels.low": 0.0, "data.encode.scale": 2})
    found = pair(*runs_of({0: 0.95, 1: 0.96}), *coded)
    assert found.n == 2
    assert np.isclose(found.mean, 0.045)


@pytest.mark.parametrize("lower", [{0: 0.25, 1: 0.5}, {0: 0.5 - 0.1, 1: 0.75 - 0.1}])
def test_equal_differences_have_no_interval_and_no_p(lower):
    found = pair(*runs_of({0: 0.5, 1: 0.75}), *runs_of(lower))
    assert found.n == 2
    assert np.isclose(found.mean, 0.5 - lower[0])
    assert np.isnan([found.low, found.high, found.p]).all()


def test_holm_multiplies_each_by_the_number_of_tests_left():
    """The example of four tests that textbooks use: only 0.01 and 0.005 stay below 0.05."""
    found = adjust_holm([0.01, math.nan, 0.04, 0.03, 0.005])
    assert np.allclose(found, [0.03, math.nan, 0.06, 0.06, 0.02], equal_nan=True)
    assert adjust_holm([0.8, 0.9]) == [1.0, 1.0]
    assert adjust_holm([0.03]) == [0.03]
