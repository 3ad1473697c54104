"""Evaluates the network of a run for several values of one setting of its data or its inference."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from darnax.errors import Problem, RequestError
from darnax.laboratory import reopening
from darnax.laboratory.display import SILENT, Display
from darnax.laboratory.disturbing import DISTURB
from darnax.printing import count_of
from darnax.reports.score_curve import ScoreCurve

if TYPE_CHECKING:
    from darnax.runner.evaluate import Evaluation

MOST_VALUES = 1000


def evaluate_over(
    path: Path, word: str, overrides: Sequence[str] = (), display: Display = SILENT
) -> ScoreCurve:
    """Evaluate the network of a run on the test split for every value in `KEY=VALUE,VALUE,…`.

    The data are opened once. Values that differ in numbers of stages share one compiled program.

    Raises:
        RequestError: the key is neither of a random stage nor of a phase of inference, or a value
            is not valid.
    """
    from darnax.runner.evaluate import evaluate as evaluate_network
    from darnax.runner.programs import ParallelRuns

    key, values = read_values(word)
    # A random stage is added where the run has none.
    adds = "++" if key.startswith(f"{DISTURB}.") else ""
    first = [*overrides, f"{adds}{key}={values[0]}"]
    reopened = reopening.reopen(path, first, "eval --over", display)
    trained = reopening.load_evaluated_network(*reopened)
    _, dataset, folder, runs = reopened
    found: list[Evaluation] = []
    for value in values:
        words = [*overrides, f"{adds}{key}={value}"]
        experiment = reopening.reopen_experiment(folder, words)
        runs = ParallelRuns([experiment], runs.program.steps_per_epoch)
        arrays = trained.train_state.arrays
        found.append(evaluate_network(runs, arrays, dataset.test, dataset.class_names))
    return ScoreCurve(
        key=key,
        values=values,
        scores=tuple(each.score for each in found),
        standard_errors=tuple(each.standard_error for each in found),
        examples=found[0].examples,
        score_name=found[0].label,
        checkpoint=trained.describe(),
        run=path.resolve().name,
    )


def read_values(word: str) -> tuple[str, tuple[str, ...]]:
    """Return the key and the values of `KEY=VALUE,VALUE,…`, in the grammar of sweeps.

    Example:
        >>> read_values("data.disturb.noise.share=0,0.1")
        ('data.disturb.noise.share', ('0', '0.1'))
    """
    from darnax.composing.plain_overrides import parse_override

    override = parse_override(f"++{word.lstrip('+')}")
    key = override.key_or_group
    if not key.startswith((f"{DISTURB}.", f"{reopening.INFERENCE}.")):
        what = (
            f"expected a setting of a random stage, such as {DISTURB}.noise.share=0,0.1,0.2, "
            f"or of inference, such as {reopening.INFERENCE}.recall.steps=1,2,6"
        )
        raise RequestError(Problem("--over", f"got {key}; {what}"))
    if override.is_interval_sweep():
        raise RequestError(Problem("--over", f"got an interval; write values: {key}=0,0.1,0.2"))
    if override.is_sweep_override():
        values = tuple(override.sweep_string_iterator())
    else:
        values = (override.get_value_element_as_str(),)
    if not 0 < len(values) <= MOST_VALUES:
        raise RequestError(
            Problem("--over", f"got {count_of(len(values), 'value')}, expected 1 to 1000")
        )
    return key, values
