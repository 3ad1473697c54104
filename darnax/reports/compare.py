"""Runs side by side: one row for each configuration, its seeds folded into mean ± sd, and how far it is from the best."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from darnax.errors import Problem, RequestError
from darnax.near import near
from darnax.reports.configuration import ABSENT, differing_keys, endings
from darnax.reports.runs import Run
from darnax.reports.sample import How, Sample, pool, sample
from darnax.scores import parse_score

ACCURACY = "eval/accuracy"


@dataclass(frozen=True)
class Row:
    """One configuration: what tells it from the others, its runs, and the metric of those that count.

    Finished runs count, one for each seed: a run that was repeated is no second sample.
    `p` is that of Welch's test against the best row, not corrected for the number of rows; nan where n is too small.
    """

    values: tuple[Hashable, ...]
    runs: tuple[Run, ...]
    counted: tuple[Run, ...]
    samples: tuple[Sample, ...]
    best: bool = False
    p: float = math.nan

    @cached_property
    def total(self) -> Sample:
        """All values together."""
        return pool(self.samples)

    @property
    def n(self) -> int:
        """How many values count: one for each seed, replicas of one program among them."""
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
        """How many runs have not finished, by status."""
        return Counter(run.status for run in self.runs if run.status != "finished")


@dataclass(frozen=True)
class Comparison:
    """Rows, best first, and the keys of their values; runs that are damaged are named once more.

    Rows of a metric of the test split stand in the order of their values: none of them is the best.
    """

    metric: str
    best: bool
    lower: bool
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    damaged: tuple[Run, ...]
    keys: tuple[str, ...]  # all there are in the configurations

    @property
    def is_ranked(self) -> bool:
        """Whether the metric may say which row is the best."""
        return may_choose(self.metric)

    @property
    def heading(self) -> str:
        """What the means are of."""
        return f"best {self.metric}" if self.best else self.metric


def compare(
    runs: Sequence[Run],
    metric: str | None = None,
    group_by: Sequence[str] = (),
    *,
    best: bool = False,
    lower: bool = False,
) -> Comparison:
    """Fold runs into rows.

    `group_by` names the keys that make a row, everything else is folded as seeds are; without it every difference does.
    Of each run the last value of the metric is taken, or, with `best`, the best it ever logged. With `lower`, the lowest
    value is the best; so it is of a score of which the runs say that lower is better. Without a
    metric, that is the score on the validation split.

    Raises:
        RequestError: no finished run has the metric, a key of `group_by` is not there, or the test
            split would choose.
    """
    metric = default_metric(runs) if metric is None else metric
    if not may_choose(metric) and (best or lower):
        what = f"would choose by the test split ({metric}); leave it out to report that"
        raise RequestError(Problem("--best" if best else "--lower", what))
    lower = lower or (may_choose(metric) and is_lower_better(runs, metric))
    readable = [run for run in runs if run.config]
    configs = [run.config for run in readable]
    keys = tuple(dict.fromkeys(key for config in configs for key in config))
    columns = [full_key(key, keys) for key in group_by] or columns_of(readable)
    groups: dict[tuple[Hashable, ...], list[Run]] = defaultdict(list)
    for run in readable:
        groups[tuple(run.config.get(key, ABSENT) for key in columns)].append(run)
    differ = [key for key in differing_keys(configs) if key != "seed"] if group_by else []
    how = which_value(best, lower)
    rows = [
        make_row(values, group, differ, lambda run: sample(run, metric, how))
        for values, group in groups.items()
    ]
    if any(run.status == "finished" for run in readable) and not any(row.n for row in rows):
        names = metrics_of(readable)
        there = f"there is {', '.join(near(metric, names, 3) or names)}"
        if metric.startswith("eval/"):  # as after training on everything
            there += "; runs without a validation split are reported by --metric test/accuracy"
        raise RequestError(Problem("--metric", f"no finished run has {metric}; {there}"))
    damaged = tuple(run for run in runs if run.damage)
    return Comparison(
        metric, best, lower, tuple(columns), rank(metric, rows, lower=lower), damaged, keys
    )


def default_metric(runs: Sequence[Run]) -> str:
    """Return the score on the validation split that a run has, the accuracy where any has that."""
    names = {name for run in runs for name in run.summary.get("metrics", {})}
    scores = sorted(name for name in names if (score := parse_score(name)) and score.set == "eval")
    return ACCURACY if ACCURACY in scores or not scores else scores[0]


def is_lower_better(runs: Sequence[Run], metric: str) -> bool:
    """Tell whether a run with this metric as its score says that lower is better."""
    return parse_score(metric) is not None and any(
        metric in run.summary.get("metrics", {}) and run.summary.get("lower_is_better") is True
        for run in runs
    )


def which_value(best: bool, lower: bool) -> How:
    """Say which value of a run counts."""
    return "last" if not best else "lowest" if lower else "highest"


def columns_of(runs: Sequence[Run]) -> list[str]:
    """Return the keys that tell the configurations of the runs apart, seeds aside."""
    asked = set().union(*(run.overridden_keys for run in runs))
    name = ["name"] if len({run.experiment for run in runs}) > 1 else []
    return name + [
        key for key in differing_keys([run.config for run in runs], asked) if key != "seed"
    ]


def full_key(key: str, keys: Sequence[str]) -> str:
    """Return the key that is meant by its last words."""
    found = [key] if key in keys else [k for k in keys if key in endings(k)]
    if len(found) != 1:
        what = f"may be any of {', '.join(found)}" if found else "no configuration has such a key"
        raise RequestError(
            Problem(
                f"--group-by {key}",
                f"{what}; give it as it stands in config.yaml, like model.depth",
            )
        )
    return found[0]


def make_row(
    values: tuple[Hashable, ...],
    runs: Sequence[Run],
    differ: Sequence[str],
    value: Callable[[Run], Sample | None],
) -> Row:
    """Make a row of runs, newest first; those that agree in a seed and in what `differ`s repeat each other.

    Of those the newest counts, or the one that trained more replicas.
    """
    counted: list[tuple[Run, Sample]] = []
    seen: set[tuple[Hashable, ...]] = set()
    for run in sorted(runs, key=lambda run: -len(run.seeds)):
        seeds = {(seed, *(run.config.get(key) for key in differ)) for seed in run.seeds}
        if run.status == "finished" and not seeds & seen and (found := value(run)):
            counted.append((run, found))
            seen |= seeds
    return Row(
        values, tuple(runs), tuple(run for run, _ in counted), tuple(found for _, found in counted)
    )


def may_choose(metric: str) -> bool:
    """Tell whether anything may be chosen by a metric: the test split decides on nothing.

    Example:
        >>> may_choose("eval/accuracy"), may_choose("test/accuracy")
        (True, False)
    """
    return not metric.startswith("test/")


def rank(metric: str, rows: Sequence[Row], *, lower: bool = False) -> tuple[Row, ...]:
    """Sort rows, mark the best where it has a value, and test the others against it.

    By a metric that may not choose they are sorted by what tells them apart, and none is the best.
    """
    if not may_choose(metric):
        plain = sorted(rows, key=lambda row: tuple(map(natural_order, row.values)))
        return tuple(replace(row, best=False, p=math.nan) for row in plain)
    order = sorted(rows, key=lambda row: (not row.n, row.mean if lower else -row.mean))
    if not order or not order[0].n:
        return tuple(order)
    best = replace(order[0], best=True, p=math.nan)
    return (best, *(replace(row, best=False, p=welch(row, best)) for row in order[1:]))


def natural_order(value: Hashable) -> tuple[bool, float, str]:
    """Sort numbers by size, before all words.

    Example:
        >>> sorted([10, "b", 2, "a"], key=natural_order)
        [2, 10, 'a', 'b']
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return False, float(value), ""
    return True, 0.0, str(value)


def welch(a: Row, b: Row) -> float:
    """Return the two-sided p of Welch's t-test: how often a difference this large comes of seeds alone.

    t = (m_a − m_b) / √(v_a + v_b) with v = sd² / n, and (v_a + v_b)² / (v_a²/(n_a−1) + v_b²/(n_b−1)) degrees of freedom.
    It is nan where a row has fewer than two runs, or where neither of the two varies.
    """
    if a.n < 2 or b.n < 2 or a.sd == b.sd == 0:
        return math.nan
    from scipy.special import stdtr

    va, vb = a.sd**2 / a.n, b.sd**2 / b.n
    freedom = (va + vb) ** 2 / (va**2 / (a.n - 1) + vb**2 / (b.n - 1))
    return float(2 * stdtr(freedom, -abs(a.mean - b.mean) / math.sqrt(va + vb)))


def metrics_of(runs: Sequence[Run]) -> list[str]:
    """Return the names of all metrics in the summaries."""
    return sorted({name for run in runs for name in run.summary.get("metrics", {})})
