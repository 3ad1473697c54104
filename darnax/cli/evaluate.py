"""`darnax eval`: the accuracy of a trained network, in all and by class."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from darnax.cli import tables
from darnax.cli.options import Debug, Overrides, Run
from darnax.errors import Problem, RequestError, writing_file
from darnax.files import write_inside
from darnax.printing import count_of

if TYPE_CHECKING:
    from darnax.runner.evaluate import Evaluation

PICTURE = "confusion.svg"
MOST_CLASSES = 200  # in the picture, which has a square for each pair of classes


Over = Annotated[
    str | None,
    typer.Option(
        "--over", metavar="KEY=VALUES", help="Evaluate for every value of a random stage's setting."
    ),
]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a page with the curve.")
]
Csv = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Write the table with all its digits.")
]


def evaluate(
    run: Run,
    overrides: Overrides = None,
    over: Over = None,
    html: Html = None,
    csv: Csv = None,
    debug: Debug = False,
) -> None:
    """Evaluate a trained network on the test set, with a confusion matrix in the run's folder.

    The first line names the checkpoint: the best one, or the last if the run keeps no best one.
    Only overrides of the data and their folder are allowed:

        darnax eval outputs/mnist_chain/<time>-<id>

        darnax eval outputs/mnist_chain/<time>-<id> data.only_classes=[3,5] data.classes=2

        darnax eval outputs/mnist_chain/<time>-<id> paths.data=/data/tfds

    Stages of data.disturb that an override names are applied, also to a network that was trained
    without; --over evaluates for several values, and --html draws the curve:

        darnax eval outputs/mnist_chain/<time>-<id> +data.disturb.noise.share=0.2

        darnax eval outputs/mnist_chain/<time>-<id> --over data.disturb.noise.share=0,0.1,0.2
    """
    if over is not None:
        evaluate_over(run, over, list(overrides or []), html, csv)
        return
    if html is not None or csv is not None:
        raise RequestError(
            Problem("--html, --csv", "are of the curve that --over KEY=VALUES makes")
        )
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


def evaluate_over(
    run: Path, over: str, overrides: list[str], html: Path | None, csv: Path | None
) -> None:
    """Print the score for every value, and write the curve."""
    from darnax.cli.display import display, warnings_to_stderr
    from darnax.laboratory import evaluating_over

    with warnings_to_stderr():
        curve = evaluating_over.evaluate_over(run, over, overrides, display())
    if csv is not None:
        curve.write_csv(csv)
    if html is not None:
        curve.write_page(html)
    tables.echo(f"checkpoint {curve.checkpoint}; {count_of(curve.examples, 'example')}")
    tables.show((curve.key, f"{curve.score_name} ± standard error"), curve.cells())
    for name, path in (("table", csv), ("page", html)):
        if path is not None:
            tables.echo(f"{name}: {path}")


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
