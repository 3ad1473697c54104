"""`darnax eval`: how well a trained network does, class by class."""

from pathlib import Path
from typing import TYPE_CHECKING

from darnax.cli import tables
from darnax.cli.options import Debug, Overrides, Run
from darnax.errors import written
from darnax.files import write_inside

if TYPE_CHECKING:
    from darnax.runner.evaluate import Evaluation


def evaluate(run: Run, overrides: Overrides = None, debug: Debug = False) -> None:
    """Evaluate a trained network on the test set, with a confusion matrix in the run's folder.

    What may change is the data:

        darnax eval outputs/mnist_chain/<time>-<id>

        darnax eval outputs/mnist_chain/<time>-<id> data.batch_size=100
    """
    from darnax.cli import launch

    show(launch.evaluate(run, list(overrides or [])), run / "confusion.svg")


def show(evaluation: "Evaluation", picture: Path) -> None:
    """Draw the confusion matrix, then print the accuracy and the classes: a pipe that closes early loses no file."""
    from darnax.reports import confusion

    with written(picture, "evaluate a copy of the run"):
        write_inside(picture.parent, picture.name, confusion.draw(evaluation.confusion, evaluation.class_names))
    low, high = confusion.interval(round(evaluation.accuracy * evaluation.examples), evaluation.examples)
    tables.echo(
        f"accuracy {evaluation.accuracy:.2%}  (95% interval {low:.2%} to {high:.2%}, {evaluation.examples} examples)", ""
    )
    tables.show(
        ("class", "n", "recall", "precision"),
        [
            (name, n, tables.percent(recall), tables.percent(precision))
            for name, n, recall, precision in confusion.classes(evaluation.confusion, evaluation.class_names)
        ],
    )
    tables.echo("", f"confusion matrix: {picture}")
