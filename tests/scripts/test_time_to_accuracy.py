"""Time to an accuracy. Oracles: contenders of known accuracy; the layers of the MLP by numpy."""

from pathlib import Path

import numpy as np
import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def script(monkeypatch):
    """Import scripts/time_to_accuracy.py as when it is run."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import time_to_accuracy

    return time_to_accuracy


def test_the_fewest_epochs_that_reach_the_accuracy_are_measured_on_all_images(script, capsys):
    def make(gain, seconds):
        def train(epochs, seed, validation):
            asked.append((epochs, validation))
            noise = 0.001 * (seed - 1)
            return script.Training(seconds * epochs, min(0.9 + gain * epochs, 0.99) + noise)

        return train

    asked: list[tuple[int, int]] = []
    contenders = {"MLP, batch 1": make(0.024, 1.0), "slow": make(0.01, 3.0), "never": make(0, 1)}
    rows = script.measure(contenders, 0.956, 0, 6)
    capsys.readouterr()
    lines = script.format_rows(rows)
    assert lines[0] == "| MLP, batch 1 | 2.5 | 0.9600 | 0.9600 ± 0.0010 | 2.5 | 1.0 |"
    assert lines[1] == "| slow | 6 | 0.9600 | 0.9600 ± 0.0010 | 18.0 | 7.2 |"
    assert lines[2].startswith("| never | not reached |")
    assert [epochs for epochs, validation in asked if not validation] == [2.5, 6] * 3


def test_a_part_of_an_epoch_is_taken_from_all(script):
    assert script.divide_epochs(3) == (3, 1.0)
    whole, share = script.divide_epochs(2.5)
    assert whole == 3
    assert whole * share == pytest.approx(2.5)


def test_the_scores_of_the_mlp_are_those_of_its_layers(script):
    from benchmarking import mlp

    rng = np.random.default_rng(0)
    weights = {
        "in": rng.normal(size=(5, 4)),
        "in_bias": rng.normal(size=4),
        "out": rng.normal(size=(4, 3)),
        "out_bias": rng.normal(size=3),
    }
    images = rng.integers(0, 256, (6, 5))
    hidden = np.maximum(images / 255 @ weights["in"] + weights["in_bias"], 0)
    expected = hidden @ weights["out"] + weights["out_bias"]
    np.testing.assert_allclose(mlp.scores(weights, images), expected, rtol=1e-4, atol=1e-5)
