"""Runs of the shipped learning rules. Oracles: one run, one device; counted compilations."""

from pathlib import Path

import jax
import numpy as np
import pytest
from shipped_schemes import COMPOSITES, SCHEMES
from synthetic_task import scheme
from test_programs import DISTURBED, assert_close, compilations, trained
from virtual_devices import run_on_devices

from darnax.runner.programs import ParallelRuns

__all__ = ["compilations"]
FIRST = ["ff"]  # with gains, a wrong target and a third factor; the others are slow


@pytest.mark.slow  # those with other gains, below, and test_lanes.py have the same oracle
@pytest.mark.parametrize(
    ("name", "words"), [*((name, []) for name in SCHEMES), *COMPOSITES.items()]
)
def test_replicas_of_every_scheme_are_runs_with_the_next_seeds(name, words):
    together = trained(ParallelRuns([scheme(name, *words, "seed=3", "runner.replicas=2")], 10))
    for lane in range(2):
        alone = trained(ParallelRuns([scheme(name, *words, f"seed={3 + lane}")], 10))
        assert_close(alone, jax.tree.map(lambda leaf, at=lane: leaf[at], together))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (FIRST, DISTURBED),
        pytest.param(SCHEMES, [], marks=pytest.mark.slow),
        *(pytest.param([name], COMPOSITES[name], marks=pytest.mark.slow) for name in COMPOSITES),
    ],
)
def test_two_devices_train_every_scheme_as_one(names, words):
    """Oracle: one device; two virtual devices are requested in a separate process."""
    code = f"""
from synthetic_task import scheme
from test_programs import assert_close, trained
from darnax.runner.programs import ParallelRuns
for name in {names}:
    one = trained(ParallelRuns([scheme(name, *{words})], 10))
    many = trained(ParallelRuns([scheme(name, *{words}, "runner.devices=2")], 10))
    try:
        assert_close(one, many)
    except AssertionError as error:
        raise AssertionError(name) from error
"""
    run_on_devices(code, 2, Path(__file__).parent, Path(__file__).parents[2])


NUDGES = ["dynamics.train.towards.messages.nudge", "dynamics.train.away.messages.nudge"]


def nudged(gain, *overrides):
    return scheme("ep", f"{NUDGES[0]}={gain}", f"{NUDGES[1]}=-{gain}", *overrides)


def test_runs_that_differ_in_gains_and_factors_share_their_programs(compilations):
    trained(ParallelRuns([nudged(0.5)], 10))
    compilations.clear()
    one = trained(ParallelRuns([nudged(0.25)], 10))
    factor = "dynamics.train.away.learn.w_in=-0.5"
    other = trained(ParallelRuns([nudged(2, factor)], 10))
    assert not compilations
    weights = [run[0].arrays.layer_map["w_in"].W for run in (one, other)]
    assert not np.array_equal(*weights)


def test_lanes_with_other_gains_are_the_runs_of_each():
    """Oracle: each alone."""
    points = [nudged(0.5), nudged(0.1, "seed=7")]
    together = trained(ParallelRuns(points, 10))
    for lane, point in enumerate(points):
        alone = trained(ParallelRuns([point], 10))
        assert_close(alone, jax.tree.map(lambda leaf, at=lane: leaf[at], together))
