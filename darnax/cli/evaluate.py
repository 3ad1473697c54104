"""`darnax eval`: the accuracy of a trained network, in all and by class."""

from pathlib import Path
from typing import Annotated

import typer

from darnax.cli import tables
from darnax.cli.options import Csv, Debug, Overrides, Run
from darnax.errors import Problem, RequestError
from darnax.printing import count_of

Over = Annotated[
    str | None,
    typer.Option(
        "--over",
        metavar="KEY=VALUES",
        help="Evaluate for every value of a setting of data.disturb or dynamics.infer.",
    ),
]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a page with the curve.")
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
    Only overrides of the data, of their folder and of inference are allowed:

        darnax eval outputs/mnist_chain/<time>-<id>

        darnax eval outputs/mnist_chain/<time>-<id> data.only_classes=[3,5] data.classes=2

        darnax eval outputs/mnist_chain/<time>-<id> paths.data=/data/tfds

    Stages of data.disturb that an override names are applied, also to a network that was trained
    without; --over evaluates for several values, and --html draws the curve:

        darnax eval outputs/mnist_chain/<time>-<id> +data.disturb.noise.share=0.2

        darnax eval outputs/mnist_chain/<time>-<id> --over data.disturb.noise.share=0,0.1,0.2

        darnax eval outputs/mnist_chain/<time>-<id> --over dynamics.infer.recall.steps=1,2,6,20
    """
    if over is not None:
        evaluate_over(run, over, list(overrides or []), html, csv)
        return
    if html is not None or csv is not None:
        what = "are of the curve that --over KEY=VALUES makes"
        raise RequestError(Problem("--html, --csv", what))
    from darnax.api.evaluation import evaluate_run
    from darnax.cli.display import display, warnings_to_stderr

    with warnings_to_stderr():
        evaluation = evaluate_run(run, list(overrides or []), display())
    tables.note(f"checkpoint {evaluation.checkpoint}")
    for line in evaluation.describe().split("\n"):
        tables.note(line)
    if evaluation.class_names:
        tables.echo()
        rows = []
        for name, number, recall, precision in evaluation.class_scores:
            rows.append((name, number, tables.percent(recall), tables.percent(precision)))
        tables.show(("class", "n", "recall", "precision"), rows)
    if evaluation.picture is not None:
        page = evaluation.picture.with_suffix(".html")
        tables.echo("", f"confusion matrix: {evaluation.picture}", f"page: {page}")


def evaluate_over(
    run: Path, over: str, overrides: list[str], html: Path | None, csv: Path | None
) -> None:
    """Print the score for every value, and write the curve."""
    from darnax.api.evaluation import evaluate_run_over
    from darnax.cli.display import display, warnings_to_stderr

    with warnings_to_stderr():
        curve = evaluate_run_over(run, over, overrides, display())
    if csv is not None:
        curve.write_csv(csv)
    if html is not None:
        curve.write_page(html)
    tables.note(f"checkpoint {curve.checkpoint}; {count_of(curve.examples, 'example')}")
    tables.show((curve.key, f"{curve.score_name} ± standard error"), curve.cells())
    for name, path in (("table", csv), ("page", html)):
        if path is not None:
            tables.echo(f"{name}: {path}")
