"""Compare runs: one row per configuration, mean ± sd over its seeds, a test against the best."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from darnax.errors import Problem, RequestError
from darnax.reports.chosen_metric import (
    default_metric,
    explain_missing_metric,
    is_lower_better,
    may_choose,
)
from darnax.reports.configuration import ABSENT, between_experiments, differing_keys, list_endings
from darnax.reports.pairing import Paired, adjust_holm, pair
from darnax.reports.runs import Run
from darnax.reports.sample import How, Sample, pool, sample


@dataclass(frozen=True)
class Row:
    """One configuration: the values that distinguish it, its runs, and the metric of the runs used.

    Only finished runs are used (`counted`), one for each seed: a repeated run is no second sample.
    `total` are the values of all samples together. `p` is that of Welch's test against the best
    row, corrected for the number of these tests by Holm's method; nan where n is too small.
    `paired` are the differences from the best row seed by seed, where the two have seeds and data
    in common; its p is corrected in the same way, for the number of paired tests.
    """

    values: tuple[Hashable, ...]
    runs: tuple[Run, ...]
    counted: tuple[Run, ...]
    samples: tuple[Sample, ...]
    total: Sample
    best: bool = False
    p: float = math.nan
    paired: Paired | None = None

    @property
    def n(self) -> int:
        """Number of values: one for each seed, replicas of one program included."""
        return self.total.n

    @property
    def mean(self) -> float:
        """Mean over seeds; nan of nothing."""
        return self.total.mean

    @property
    def sd(self) -> float:
        """Standard deviation over seeds, n - 1 in the denominator; nan of fewer than two."""
        return self.total.sd

    @property
    def unfinished(self) -> Counter[str]:
        """Number of runs that have not finished, by status."""
        return Counter(run.status for run in self.runs if run.status != "finished")


@dataclass(frozen=True)
class Comparison:
    """Rows, best first, and the keys of their values; damaged runs are listed apart.

    For a metric of the test split the rows are in the order of their values: none is the best.
    """

    metric: str
    best: bool
    lower: bool
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    damaged: tuple[Run, ...]
    keys: tuple[str, ...]  # of all configurations
    unshown: tuple[str, ...] = ()  # in which the experiments differ, besides the columns

    @property
    def is_ranked(self) -> bool:
        """Whether the rows are ranked by the metric."""
        return may_choose(self.metric)

    @property
    def is_tested(self) -> bool:
        """Whether some row is tested against the best one by Welch's test."""
        return self.welch_tests > 0

    @property
    def welch_tests(self) -> int:
        """Number of Welch's tests, for which their p is corrected."""
        return sum(not math.isnan(row.p) for row in self.rows)

    @property
    def paired_tests(self) -> int:
        """Number of paired tests, for which their p is corrected; equal differences are none."""
        return sum(row.paired is not None and not math.isnan(row.paired.p) for row in self.rows)

    @property
    def is_paired(self) -> bool:
        """Whether some row is compared with the best one seed by seed."""
        return any(row.paired is not None for row in self.rows)

    @property
    def heading(self) -> str:
        """The heading of the column of means."""
        return f"best {self.metric}" if self.best else self.metric


def compare(
    runs: Sequence[Run],
    metric: str | None = None,
    group_by: Sequence[str] = (),
    *,
    best: bool = False,
    lower: bool = False,
) -> Comparison:
    """Group runs into rows.

    `group_by` names the keys whose values define a row, and all other differences are averaged as
    seeds are; without it every difference makes a row. The value of a run is the last one of the
    metric or, with `best`, the best that it logged. With `lower`, the lowest value is the best, and
    so it is of a score of which the runs say that lower is better. Without a metric, that is the
    score on the validation split.

    Raises:
        RequestError: no finished run has the metric, no configuration has a key of `group_by`, or
            the result would be chosen by the test split.
    """
    metric = default_metric(runs) if metric is None else metric
    if not may_choose(metric) and (best or lower):
        what = f"would choose by the test split ({metric}); leave it out to report that"
        raise RequestError(Problem("--best" if best else "--lower", what))
    lower = lower or (may_choose(metric) and is_lower_better(runs, metric))
    readable = [run for run in runs if run.config]
    configs = [run.config for run in readable]
    keys = tuple(dict.fromkeys(chain.from_iterable(configs)))  # of all, in the order of the first
    columns = [complete_key(key, keys) for key in group_by] or find_columns(readable)
    groups: dict[tuple[Hashable, ...], list[Run]] = defaultdict(list)
    for run in readable:
        groups[tuple(run.config.get(key, ABSENT) for key in columns)].append(run)
    # Without `group_by`, the runs of a row differ in nothing but the seed.
    averaged = [key for key in differing_keys(configs) if key != "seed"] if group_by else []
    how = choose_value(best, lower)
    rows = [
        make_row(values, group, averaged, lambda run: sample(run, metric, how))
        for values, group in groups.items()
    ]
    any_finished = any(run.status == "finished" for run in readable)
    if any_finished and not any(row.n for row in rows):
        raise RequestError(Problem("--metric", explain_missing_metric(metric, readable)))
    damaged = tuple(run for run in runs if run.damage)
    ranked = rank(metric, rows, lower=lower)
    unshown = () if group_by else find_unshown(readable, columns)
    return Comparison(metric, best, lower, tuple(columns), ranked, damaged, keys, unshown)


def choose_value(best: bool, lower: bool) -> How:
    """Return which of the logged values of a run is used."""
    if not best:
        return "last"
    return "lowest" if lower else "highest"


def find_columns(runs: Sequence[Run]) -> list[str]:
    """Return the keys, except the seed, in which the configurations of the runs differ."""
    overridden = set().union(*(run.overridden_keys for run in runs))
    name = ["name"] if len({run.experiment for run in runs}) > 1 else []
    differing = differing_keys([run.config for run in runs], overridden)
    return name + [key for key in differing if key != "seed"]


def find_unshown(runs: Sequence[Run], columns: Sequence[str]) -> tuple[str, ...]:
    """Return the keys in which different experiments differ and that have no column.

    The column of names stands for them: two experiments may differ in everything.
    """
    if "name" not in columns:
        return ()
    differing = between_experiments([run.config for run in runs])
    return tuple(key for key in differing if key not in columns and key not in ("name", "seed"))


def complete_key(key: str, keys: Sequence[str]) -> str:
    """Return the full key that ends in `key`.

    Raises:
        RequestError: there is none, or more than one.
    """
    found = [key] if key in keys else [k for k in keys if key in list_endings(k)]
    if len(found) != 1:
        what = f"may be any of {', '.join(found)}" if found else "no configuration has such a key"
        advice = "give it as it stands in config.yaml, like model.depth"
        raise RequestError(Problem(f"--group-by {key}", f"{what}; {advice}"))
    return found[0]


def make_row(
    values: tuple[Hashable, ...],
    runs: Sequence[Run],
    averaged: Sequence[str],
    value: Callable[[Run], Sample | None],
) -> Row:
    """Make a row of runs, newest first.

    Runs with a common seed and equal values of the keys `averaged` are repetitions. Of those the
    one that trained more replicas is used, or else the newest.
    """
    counted, samples = [], []
    seen: set[tuple[Hashable, ...]] = set()
    for run in sorted(runs, key=lambda run: -len(run.seeds)):
        setting = tuple(run.config.get(key) for key in averaged)
        own = {(seed, *setting) for seed in run.seeds}
        if run.status != "finished" or own & seen:
            continue
        found = value(run)
        if found:
            counted.append(run)
            samples.append(found)
            seen |= own
    return Row(values, tuple(runs), tuple(counted), tuple(samples), pool(samples))


def rank(metric: str, rows: Sequence[Row], *, lower: bool = False) -> tuple[Row, ...]:
    """Sort rows, mark the best where it has a value, and test the others against it.

    For a metric of the test split they are sorted by their configuration, and none is the best.
    """
    # Of equals, the first by its values is the best, whichever ran first.
    by_values = sorted(rows, key=lambda row: tuple(map(natural_sort_key, row.values)))
    if not may_choose(metric):
        return tuple(replace(row, best=False, p=math.nan, paired=None) for row in by_values)
    order = sorted(by_values, key=lambda row: (not row.n, row.mean if lower else -row.mean))
    if not order or not order[0].n:
        return tuple(order)
    best = replace(order[0], best=True, p=math.nan, paired=None)
    return (best, *compare_with_best(order[1:], best))


def compare_with_best(rows: Sequence[Row], best: Row) -> Iterator[Row]:
    """Yield the rows with the results of their tests against the best one."""
    pairs = [pair(row.counted, row.samples, best.counted, best.samples) for row in rows]
    welch = adjust_holm([compute_welch_p(row, best) for row in rows])
    paired = adjust_holm([math.nan if found is None else found.p for found in pairs])
    for row, found, p, p_paired in zip(rows, pairs, welch, paired, strict=True):
        difference = None if found is None else found._replace(p=p_paired)
        yield replace(row, best=False, p=p, paired=difference)


def natural_sort_key(value: Hashable) -> tuple[bool, float, str]:
    """Return a key that sorts numbers by size, before all words.

    Example:
        >>> sorted([10, "b", 2, "a"], key=natural_sort_key)
        [2, 10, 'a', 'b']
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return False, float(value), ""
    return True, 0.0, str(value)


def compute_welch_p(a: Row, b: Row) -> float:
    """Return the two-sided p of Welch's t-test between two rows.

    t = (m_a − m_b) / √(v_a + v_b) with v = sd² / n, and
    (v_a + v_b)² / (v_a²/(n_a−1) + v_b²/(n_b−1)) degrees of freedom.
    It is nan where a row has fewer than two runs, or where neither of the two varies.
    """
    if a.n < 2 or b.n < 2 or a.sd == b.sd == 0:
        return math.nan
    from scipy.special import stdtr

    va, vb = a.sd**2 / a.n, b.sd**2 / b.n
    freedom = (va + vb) ** 2 / (va**2 / (a.n - 1) + vb**2 / (b.n - 1))
    return float(2 * stdtr(freedom, -abs(a.mean - b.mean) / math.sqrt(va + vb)))
