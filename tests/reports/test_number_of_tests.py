"""For how many tests p is corrected. Oracles: Holm by hand, from the p-values of scipy."""

import math

import pytest
from runs_on_disk import make
from scipy.stats import ttest_ind, ttest_rel

from darnax.reports.compare import compare
from darnax.reports.comparison_table import explain_tests
from darnax.reports.runs import find

SEEDS, OTHER_SEEDS = (0, 1, 2), (10, 11, 12)
BEST = (0.90, 0.93, 0.95)
PAIRED = {  # depth -> accuracies with the seeds of the best row
    2: (0.89, 0.91, 0.945),
    3: (0.80, 0.85, 0.84),
    4: (0.70, 0.74, 0.75),
    5: (0.88, 0.87, 0.90),
}
UNPAIRED = {6: (0.86, 0.90, 0.85), 7: (0.60, 0.66, 0.61)}


def compared(place, paired, unpaired):
    seeded = [(1, BEST, SEEDS)]
    seeded += [(depth, values, SEEDS) for depth, values in paired.items()]
    seeded += [(depth, values, OTHER_SEEDS) for depth, values in unpaired.items()]
    for depth, values, seeds in seeded:
        for seed, value in zip(seeds, values, strict=True):
            name = f"2026-01-0{depth}_00-00-{seed:02}-aaaaaa"
            make(place, name, value, depth=depth, seed=seed)
    return compare(find([place]), "eval/accuracy")


def holm_of_four(p):
    first, second, third, fourth = sorted(p, key=p.get)
    a = 4 * p[first]
    b = max(a, 3 * p[second])
    c = max(b, 2 * p[third])
    return {first: a, second: b, third: c, fourth: max(c, p[fourth])}


def test_each_p_is_corrected_for_its_own_number_of_tests_and_the_text_says_so(tmp_path):
    comparison = compared(tmp_path, PAIRED, UNPAIRED)
    best, *others = comparison.rows
    assert best.values == (1,)
    paired = {depth: ttest_rel(values, BEST).pvalue for depth, values in PAIRED.items()}
    found = {row.values[0]: row.paired.p for row in others if row.paired}
    assert found == pytest.approx(holm_of_four(paired))
    every = PAIRED | UNPAIRED
    welch = {d: ttest_ind(values, BEST, equal_var=False).pvalue for d, values in every.items()}
    smallest = min(welch, key=welch.get)
    assert {row.values[0]: row.p for row in others}[smallest] == pytest.approx(6 * welch[smallest])
    says = "; p corrected for 6 tests and paired p for 4 (Holm), intervals not"
    assert explain_tests(comparison).endswith(says)


def test_one_paired_p_among_several_rows_is_not_corrected(tmp_path):
    comparison = compared(tmp_path, {2: PAIRED[2]}, UNPAIRED)
    (found,) = [row.paired.p for row in comparison.rows if row.paired]
    assert found == pytest.approx(ttest_rel(PAIRED[2], BEST).pvalue)
    says = "; p corrected for 3 tests (Holm), the one paired p and intervals not"
    assert explain_tests(comparison).endswith(says)


def test_equal_differences_are_no_paired_test(tmp_path):
    equal = {2: tuple(value - 0.05 for value in BEST)}
    comparison = compared(tmp_path, PAIRED | equal, {})
    found = {row.values[0]: row.paired.p for row in comparison.rows if row.paired}
    assert math.isnan(found.pop(2))
    assert min(found.values()) == pytest.approx(
        3 * min(ttest_rel(PAIRED[depth], BEST).pvalue for depth in (3, 4, 5))
    )
    says = "; p corrected for 4 tests and paired p for 3 (Holm), intervals not"
    assert explain_tests(comparison).endswith(says)


def test_without_pairs_only_the_tests_of_welch_are_counted(tmp_path):
    says = "p: Welch's t-test against the best row; p corrected for 2 tests (Holm)"
    assert explain_tests(compared(tmp_path, {}, UNPAIRED)) == says


def test_a_single_test_is_not_corrected(tmp_path):
    assert "Holm" not in explain_tests(compared(tmp_path, {2: PAIRED[2]}, {}))
