"""`darnax eval`: the accuracy of a trained network, in all and by class."""

from pathlib import Path
from typing import TYPE_CHECKING

from darnax.cli import tables
from darnax.cli.options import Debug, Overrides, Run
from darnax.errors import writing_file
from darnax.files import write_inside
from darnax.printing import count_of

if TYPE_CHECKING:
    from darnax.runner.evaluate import Evaluation

PICTURE = "confusion.svg"
MOST_CLASSES = 200  # in the picture, which has a square for each pair of classes


def evaluate(run: Run, overrides: Overrides = None, debug: Debug = False) -> None:
    """Evaluate a trained network on the test set, with a confusion matrix in the run's folder.

    The first line names the checkpoint: the best one, or the last if the run keeps no best one.
    Only overrides of the data and their folder are allowed:

        darnax eval outputs/mnist_chain/<time>-<id>

        darnax eval outputs/mnist_chain/<time>-<id> data.only_classes=[3,5] data.classes=2

        darnax eval outputs/mnist_chain/<time>-<id> paths.data=/data/tfds
    """
    from darnax.cli.display import display, warnings_to_stderr
    from darnax.laboratory import reopening

    with warnings_to_stderr():
        evaluation = reopening.evaluate(run, list(overrides or []), display())
    has_picture = 0 < len(evaluation.class_names) <= MOST_CLASSES
    if has_picture:
        draw(evaluation, run)
    tables.echo(f"checkpoint {evaluation.checkpoint}")
    show(evaluation)
    if has_picture:
        tables.echo("", f"confusion matrix: {run / PICTURE}")


def draw(evaluation: "Evaluation", run: Path) -> None:
    """Draw the confusion matrix; before anything is printed, in case the pipe closes early."""
    from darnax.reports import confusion

    with writing_file(run / PICTURE, "evaluate a copy of the run"):
        write_inside(run, PICTURE, confusion.draw(evaluation.confusion, evaluation.class_names))


def show(evaluation: "Evaluation") -> None:
    """Print the accuracy with its interval and the classes, or a mean score, which has neither."""
    from darnax.reports import confusion

    count, examples = evaluation.examples, count_of(evaluation.examples, "example")
    name, score = evaluation.label, evaluation.score
    if not evaluation.right_or_wrong:
        order = "" if evaluation.higher_is_better else "; lower is better"
        remark = "; not a fraction of right answers" if name == "score" else order
        tables.echo(f"{name} {score:.4f}  (mean of {examples}{remark})")
        return
    low, high = confusion.interval(round(score * count), count)
    interval = f"95% interval {low:.2%} to {high:.2%}"
    tables.echo(f"{name} {score:.2%}  ({interval}, {examples})")
    if not evaluation.class_names:
        return
    tables.echo()
    rows = []
    classes = confusion.classes(evaluation.confusion, evaluation.class_names)
    for name, number, recall, precision in classes:
        rows.append((name, number, tables.percent(recall), tables.percent(precision)))
    tables.show(("class", "n", "recall", "precision"), rows)
