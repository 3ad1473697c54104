"""Oracles: numpy for mean and sd, scipy.stats.ttest_ind for Welch's test."""

import csv
import json
import math

import numpy as np
import pytest
from runs_on_disk import make, sweep
from scipy.stats import ttest_ind

from darnax.errors import RequestError
from darnax.reports import comparison_table, table_file
from darnax.reports.compare import compare
from darnax.reports.diff import differences, environment, read_one, results
from darnax.reports.runs import find

METRIC = "eval/accuracy"


def accuracies(depth, j_d):
    return [0.8 + 0.02 * depth + 0.1 * j_d + 0.003 * seed for seed in (0, 1, 2)]


def test_seeds_are_averaged_and_the_best_row_is_first(tmp_path):
    comparison = compare(find([sweep(tmp_path)]), METRIC)
    assert comparison.columns == ("model.depth", "model.layers.hidden.j_d")
    assert [row.values for row in comparison.rows] == [(2, 0.9), (1, 0.9), (2, 0.5), (1, 0.5)]
    assert [row.best for row in comparison.rows] == [True, False, False, False]
    best = accuracies(2, 0.9)
    tests = {}
    for row in comparison.rows:
        sample = accuracies(*row.values)
        assert sorted(part.mean for part in row.samples) == pytest.approx(sample)
        assert (row.n, row.mean, row.sd) == (
            3,
            pytest.approx(np.mean(sample)),
            pytest.approx(np.std(sample, ddof=1)),
        )
        if not row.best:
            tests[row.values] = ttest_ind(sample, best, equal_var=False).pvalue
    # Holm: the smallest of three times 3, the next times 2, none below the one before.
    names = sorted(tests, key=tests.get)
    corrected = np.maximum.accumulate([tests[n] * (3 - k) for k, n in enumerate(names)])
    found = {row.values: row.p for row in comparison.rows}
    assert [found[name] for name in names] == pytest.approx(np.minimum(corrected, 1))


def test_significance_of_samples_that_differ_in_size_and_spread(tmp_path):
    rng = np.random.default_rng(0)
    samples = {1: rng.normal(0.8, 0.05, 3), 2: rng.normal(0.85, 0.01, 7)}
    for depth, sample in samples.items():
        for seed, value in enumerate(sample):
            make(
                tmp_path,
                f"2026-01-0{depth}_00-00-0{seed}-aaaaaa",
                float(value),
                depth=depth,
                seed=seed,
            )
    second = compare(find([tmp_path]), METRIC).rows[1]
    assert second.p == pytest.approx(ttest_ind(samples[1], samples[2], equal_var=False).pvalue)


def test_one_seed_has_no_spread_and_no_significance(tmp_path):
    for depth in (1, 2):
        make(tmp_path, f"2026-01-0{depth}_00-00-00-aaaaaa", depth / 10, depth=depth)
    for row in compare(find([tmp_path]), METRIC).rows:
        assert math.isnan(row.sd)
        assert math.isnan(row.p)


def test_samples_that_do_not_vary_have_no_significance(tmp_path):
    for i in range(4):
        make(
            tmp_path,
            f"2026-01-01_00-00-0{i}-aaaaaa",
            0.5 + i // 2 / 10,
            depth=1 + i // 2,
            seed=i % 2,
        )
    assert math.isnan(compare(find([tmp_path]), METRIC).rows[1].p)


@pytest.mark.parametrize("order", [(0.5, 0.9), (0.9, 0.5)])
def test_of_equals_the_first_by_its_values_is_the_best_as_in_the_order_of_a_grid(tmp_path, order):
    """Oracle: the order of the values; which of them ran first does not matter."""
    for second, j_d in enumerate(order):
        make(tmp_path, f"2026-01-01_00-00-0{second}-aaaaaa", 0.5, j_d=j_d)
    rows = compare(find([tmp_path]), METRIC).rows
    assert [(row.values, row.best) for row in rows] == [((0.5,), True), ((0.9,), False)]


def test_only_finished_runs_count_and_a_repeated_seed_counts_once(tmp_path):
    make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.1)
    make(tmp_path, "2026-01-01_00-00-01-aaaaaa", 0.2)  # the same seed, later
    make(tmp_path, "2026-01-01_00-00-02-aaaaaa", 0.4, seed=1)
    make(tmp_path, "2026-01-01_00-00-03-aaaaaa", 0.9, seed=2, status="interrupted")
    make(tmp_path, "2026-01-01_00-00-04-aaaaaa", 0.9, seed=3, status="running")
    (row,) = compare(find([tmp_path]), METRIC).rows
    assert sorted(part.mean for part in row.samples) == [0.2, 0.4]
    assert len(row.runs) == 5
    assert row.unfinished == {"interrupted": 1, "running": 1}


def test_a_comparison_without_finished_runs(tmp_path):
    make(tmp_path, "2026-01-01_00-00-03-aaaaaa", 0.9, status="running")
    (row,) = compare(find([tmp_path]), METRIC).rows
    assert (row.n, row.best) == (0, False)
    assert math.isnan(row.mean)


def logging(run, *values):
    rows = [{"step": i, "epoch": i, METRIC: value} for i, value in enumerate(values)]
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, [(1, 0.6), (2, 0.5)]),
        ({"best": True}, [(2, 0.8), (1, 0.7)]),
        ({"best": True, "lower": True}, [(1, 0.2), (2, 0.3)]),
    ],
)
def test_the_last_value_counts_or_the_best(tmp_path, how, expected):
    logging(make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.6, depth=1), 0.2, 0.7, 0.6)
    logging(make(tmp_path, "2026-01-01_00-00-01-aaaaaa", 0.5, depth=2), 0.8, 0.3, None, 0.5)
    comparison = compare(find([tmp_path]), METRIC, **how)
    assert [(*row.values, row.mean) for row in comparison.rows] == expected
    assert comparison.heading == (f"best {METRIC}" if how else METRIC)


def replicated(place, name, values, seed, depth=1):
    """Make a run that trained one network for each of the values, as one program."""
    runner = {"epochs": 3, "replicas": len(values)}
    run = make(place, name, float(np.mean(values)), seed=seed, depth=depth, runner=runner)
    metrics = {METRIC: np.mean(values), f"{METRIC}_sd": np.std(values, ddof=1)}
    (run / "summary.json").write_text(json.dumps({"status": "finished", "metrics": metrics}))
    rows = (
        {"step": 1, "epoch": 1, METRIC: 0.99, f"{METRIC}_sd": 0.5},
        {"step": 2, "epoch": 2, **metrics},
    )
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_replicas_are_seeds_like_any_other(tmp_path):
    rng = np.random.default_rng(0)
    some, more, other = rng.normal(0.9, 0.01, 4), rng.normal(0.9, 0.01, 3), rng.normal(0.8, 0.02, 5)
    replicated(tmp_path, "2026-01-01_00-00-00-aaaaaa", some, seed=0)
    replicated(tmp_path, "2026-01-01_00-00-01-aaaaaa", more, seed=4)
    make(tmp_path, "2026-01-01_00-00-02-aaaaaa", 0.88, seed=7)
    replicated(tmp_path, "2026-01-01_00-00-03-aaaaaa", other, seed=0, depth=2)
    first, second = compare(find([tmp_path]), METRIC).rows
    best = [*some, *more, 0.88]
    assert (first.n, first.mean, first.sd) == (
        8,
        pytest.approx(np.mean(best)),
        pytest.approx(np.std(best, ddof=1)),
    )
    assert second.p == pytest.approx(ttest_ind(other, best, equal_var=False).pvalue)
    assert compare(find([tmp_path]), METRIC, best=True).rows[0].sd == pytest.approx(0.5)


@pytest.mark.parametrize("later", [0, 9])
def test_replicas_that_repeat_a_seed_do_not_count_again(tmp_path, later):
    make(tmp_path, f"2026-01-01_00-00-0{later}-aaaaaa", 0.1, seed=2)
    make(tmp_path, "2026-01-01_00-00-01-aaaaaa", 0.5, seed=3)
    replicated(tmp_path, "2026-01-01_00-00-02-aaaaaa", [0.7, 0.8, 0.9], seed=0)
    (row,) = compare(find([tmp_path]), METRIC).rows
    assert (row.n, row.mean) == (4, pytest.approx(np.mean([0.5, 0.7, 0.8, 0.9])))


@pytest.mark.parametrize("key", ["model.depth", "depth"])
def test_group_by_averages_over_all_other_settings(tmp_path, key):
    comparison = compare(find([sweep(tmp_path)]), METRIC, [key])
    assert comparison.columns == ("model.depth",)
    assert [(row.values, row.n) for row in comparison.rows] == [((2,), 6), ((1,), 6)]
    assert comparison.rows[0].mean == pytest.approx(
        np.mean(accuracies(2, 0.5) + accuracies(2, 0.9))
    )


def test_lower_is_better_on_request(tmp_path):
    rows = compare(find([sweep(tmp_path)]), METRIC, lower=True).rows
    assert rows[0].values == (1, 0.5)
    assert rows[0].best


def test_experiments_are_distinguished_by_name(tmp_path):
    make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.1)
    make(tmp_path, "2026-01-01_00-00-01-aaaaaa", 0.2, name="other", depth=3)
    comparison = compare(find([tmp_path]), METRIC)
    assert comparison.columns == ("name",)
    assert [row.values for row in comparison.rows] == [("other",), ("chain",)]
    assert comparison.unshown == ("model.depth",)
    sentence = comparison_table.explain_unshown(comparison)
    assert sentence == "the experiments also differ in model.depth"
    alone = compare(find([tmp_path])[:1], METRIC)
    assert (alone.unshown, comparison_table.explain_unshown(alone)) == ((), "")


@pytest.mark.parametrize(
    ("metric", "group_by", "says"),
    [
        ("eval/acuracy", [], "there is eval/accuracy"),
        (METRIC, ["width"], "no configuration has such a key"),
        (METRIC, ["steps"], "may be any of dynamics.train.free.steps, dynamics.train.recall.steps"),
    ],
)
def test_a_missing_metric_or_key_is_reported(tmp_path, metric, group_by, says):
    make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.1)
    with pytest.raises(RequestError, match=says):
        compare(find([tmp_path]), metric, group_by)


def test_the_file_keeps_all_digits(tmp_path):
    comparison = compare(find([sweep(tmp_path)]), METRIC)
    table_file.write(comparison, tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row[METRIC]) for row in rows] == [row.mean for row in comparison.rows]
    assert [float(row["sd"]) for row in rows] == [row.sd for row in comparison.rows]
    assert rows[0]["p"] == ""
    assert float(rows[1]["p"]) == comparison.rows[1].p
    assert (rows[0]["model.depth"], rows[0]["model.layers.hidden.j_d"], rows[0]["n"]) == (
        "2",
        "0.9",
        "3",
    )
    assert len(rows[0]["runs"].split()) == 3


def test_diff_lists_the_differences_of_two_runs(tmp_path):
    a = read_one(make(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5))
    b = read_one(make(tmp_path, "2026-01-01_00-00-01-aaaaaa", 0.75, depth=2, tracking={}))
    assert differences(a.config, b.config) == [
        ("model.depth", 1, 2),
        ("model.buffers.hidden.repeat", 1, 2),
        ("tracking.console", True, "–"),
        ("tracking", "–", ()),
    ]
    assert results(a, b) == [("eval/accuracy", 0.5, 0.75), ("norm/w_in", 50, 75)]
    assert environment(a) == {"git.commit": "abc", "seed": 0}
    with pytest.raises(RequestError, match="holds 2 runs"):
        read_one(tmp_path)


def test_no_cell_of_a_table_is_a_formula_and_numbers_stay_numbers(tmp_path):
    for i, words in enumerate(("=1+1", "@SUM(1)", "-cmd", -0.5)):
        make(tmp_path, f"2026-01-01_00-00-0{i}-aaaaaa", 0.5, **{"=HYPERLINK(1)": words})
    table_file.write(compare(find([tmp_path]), METRIC), tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head[0] == "'=HYPERLINK(1)"
    assert {row[0] for row in rows} == {"'=1+1", "'@SUM(1)", "'-cmd", "-0.5"}
    assert {float(row[1]) for row in rows} == {0.5}
    assert not [cell for row in (head, *rows) for cell in row if cell.startswith(("=", "@", "+"))]


TESTED = {"test/accuracy": 0.9}


def test_no_row_is_the_best_by_the_test_split_and_the_order_is_that_of_the_configurations(tmp_path):
    runs = find([sweep(tmp_path, tested=TESTED)])
    reported = compare(runs, "test/accuracy")
    assert [row.values for row in reported.rows] == [(1, 0.5), (1, 0.9), (2, 0.5), (2, 0.9)]
    assert not any(row.best for row in reported.rows)
    assert all(math.isnan(row.p) for row in reported.rows)
    of_test = [
        float(np.mean([0.9 * value for value in accuracies(*row.values)])) for row in reported.rows
    ]
    assert [row.mean for row in reported.rows] == pytest.approx(of_test)
    assert all(row.n == 3 for row in reported.rows)
    ranked = compare(runs, "eval/accuracy").rows
    assert [row.best for row in ranked] == [True, False, False, False]


@pytest.mark.parametrize("how", ["best", "lower"])
def test_a_choice_by_the_test_split_is_refused(tmp_path, how):
    runs = find([sweep(tmp_path, tested=TESTED)])
    with pytest.raises(
        RequestError, match=rf"--{how}: would choose by the test split \(test/accuracy\)"
    ):
        compare(runs, "test/accuracy", **{how: True})


def test_a_table_of_the_test_split_has_no_p_values(tmp_path):
    file = tmp_path / "table.csv"
    table_file.write(compare(find([sweep(tmp_path, tested=TESTED)]), "test/accuracy"), file)
    lines = list(csv.DictReader(file.read_text().splitlines()))
    assert [line["p"] for line in lines] == [""] * 4
    assert [(line["model.depth"], line["n"]) for line in lines] == [
        ("1", "3"),
        ("1", "3"),
        ("2", "3"),
        ("2", "3"),
    ]
    assert all(float(line["test/accuracy"]) > 0 for line in lines)
