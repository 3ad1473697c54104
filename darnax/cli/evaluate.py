"""`darnax eval`: how well a trained network does, class by class."""

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
DRAWN = 200  # classes at most; each pair of them is a square


def evaluate(run: Run, overrides: Overrides = None, debug: Debug = False) -> None:
    """Evaluate a trained network on the test set, with a confusion matrix in the run's folder.

    The first line says which checkpoint was read: the best one, or the last where the run keeps none. What may change is the
    data, and where they are:

        darnax eval outputs/mnist_chain/<time>-<id>

        darnax eval outputs/mnist_chain/<time>-<id> data.only_classes=[3,5] data.classes=2

        darnax eval outputs/mnist_chain/<time>-<id> paths.data=/data/tfds
    """
    from darnax.cli.display import display, warnings_to_stderr
    from darnax.laboratory import reopening

    with warnings_to_stderr():
        evaluation = reopening.evaluate(run, list(overrides or []), display())
    drawn = 0 < len(evaluation.class_names) <= DRAWN
    if drawn:
        draw(evaluation, run)
    tables.echo(f"checkpoint {evaluation.checkpoint}")
    show(evaluation)
    if drawn:
        tables.echo("", f"confusion matrix: {run / PICTURE}")


def draw(evaluation: "Evaluation", run: Path) -> None:
    """Draw the confusion matrix; before anything is printed, so that a pipe that closes early loses no file."""
    from darnax.reports import confusion

    with writing_file(run / PICTURE, "evaluate a copy of the run"):
        write_inside(run, PICTURE, confusion.draw(evaluation.confusion, evaluation.class_names))


def show(evaluation: "Evaluation") -> None:
    """Print the accuracy with its interval, and the classes; or the mean score, without."""
    from darnax.reports import confusion

    count, examples = evaluation.examples, count_of(evaluation.examples, "example")
    name, score = evaluation.label, evaluation.score
    if not evaluation.right_or_wrong:
        order = "" if evaluation.higher_is_better else "; lower is better"
        remark = "; not a fraction of right answers" if name == "score" else order
        tables.echo(f"{name} {score:.4f}  (mean of {examples}{remark})")
        return
    low, high = confusion.interval(round(score * count), count)
    tables.echo(f"{name} {score:.2%}  (95% interval {low:.2%} to {high:.2%}, {examples})")
    if not evaluation.class_names:
        return
    tables.echo()
    tables.show(
        ("class", "n", "recall", "precision"),
        [
            (name, n, tables.percent(recall), tables.percent(precision))
            for name, n, recall, precision in confusion.classes(
                evaluation.confusion, evaluation.class_names
            )
        ],
    )
