"""Oracle: numpy on curves that share their epochs, and cases worked out by hand."""

import numpy as np
import pytest
from runs_on_disk import make

from darnax.reports.curves import average, average_all, without_single_points
from darnax.reports.digest import digest
from darnax.reports.record import rows


def test_mean_and_deviation_over_runs():
    epochs, values = np.arange(5.0), np.random.default_rng(0).normal(size=(3, 5))
    curve = average([(epochs, row) for row in values])
    np.testing.assert_array_equal(curve.epochs, epochs)
    np.testing.assert_allclose(curve.mean, values.mean(axis=0))
    np.testing.assert_allclose(curve.sd, values.std(axis=0, ddof=1))


def test_a_curve_is_interpolated_but_never_continued():
    curve = average(
        [
            (np.array([0.0, 2.0, 4.0]), np.array([0.0, 2.0, 4.0])),
            (np.array([1.0, 2.0]), np.array([3.0, 4.0])),
        ]
    )
    np.testing.assert_array_equal(curve.epochs, [0, 1, 2, 4])
    np.testing.assert_allclose(curve.mean, [0, 2, 3, 4])
    np.testing.assert_allclose(curve.sd, [np.nan, np.sqrt(2), np.sqrt(2), np.nan])


def test_a_long_curve_keeps_its_ends():
    epochs = np.linspace(0, 100, 5001)
    curve = average([(epochs, epochs**2)])
    assert len(curve.epochs) == 200
    assert (curve.epochs[0], curve.epochs[-1]) == (0, 100)
    np.testing.assert_allclose(curve.mean, curve.epochs**2)


def test_incomplete_lines_and_missing_values_are_skipped(tmp_path):
    file = tmp_path / "metrics.jsonl"
    file.write_bytes(
        b'{"step": 1, "epoch": 1, "a": 0.5}\n{"step": 2, "epoch": 2, "a": null}\n\xff\n[]\n'
        b'{"epoch": 3.0, "a": 0.7}\n{"st'
    )
    epochs, values = digest(rows(file)).points["a"]
    np.testing.assert_array_equal(epochs, [1, 3])
    np.testing.assert_array_equal(values, [0.5, 0.7])
    assert digest(rows(tmp_path / "absent")).points == {}


def test_a_metric_that_was_logged_once_has_no_curve(tmp_path):
    run = make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.9)
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"step": 30, "epoch": 3.0, "test/accuracy": 0.9}\n')
    [curves] = without_single_points([average_all([digest(rows(run / "metrics.jsonl")).points])])
    assert set(curves) == {"eval/accuracy", "norm/w_in"}
    assert curves["eval/accuracy"].mean[-1] == pytest.approx(0.9)


def test_a_row_with_one_point_of_a_metric_that_is_a_curve_elsewhere_keeps_it():
    """It is drawn as a marker beside the curves of other rows."""
    long = average_all([{"eval/accuracy": ([1.0, 2.0], [0.5, 0.6])}])
    short = average_all([{"eval/accuracy": ([2.0], [0.7]), "test/accuracy": ([2.0], [0.7])}])
    drawn = without_single_points([long, short])
    assert [set(curves) for curves in drawn] == [{"eval/accuracy"}, {"eval/accuracy"}]
    assert drawn[1]["eval/accuracy"].mean.tolist() == [0.7]
