"""`darnax eval`: the accuracy of a trained network, in all and by class."""

from darnax.cli import tables
from darnax.cli.options import Debug, Overrides, Run


def evaluate(run: Run, overrides: Overrides = None, debug: Debug = False) -> None:
    """Evaluate a trained network on the test set, with a confusion matrix in the run's folder.

    The first line names the checkpoint: the best one, or the last if the run keeps no best one.
    Only overrides of the data and their folder are allowed:

        darnax eval outputs/mnist_chain/<time>-<id>

        darnax eval outputs/mnist_chain/<time>-<id> data.only_classes=[3,5] data.classes=2

        darnax eval outputs/mnist_chain/<time>-<id> paths.data=/data/tfds
    """
    from darnax.api.evaluation import evaluate_run
    from darnax.cli.display import display, warnings_to_stderr

    with warnings_to_stderr():
        evaluation = evaluate_run(run, list(overrides or []), display())
    tables.echo(f"checkpoint {evaluation.checkpoint}", evaluation.describe())
    if evaluation.class_names:
        tables.echo()
        rows = []
        for name, number, recall, precision in evaluation.class_scores:
            rows.append((name, number, tables.percent(recall), tables.percent(precision)))
        tables.show(("class", "n", "recall", "precision"), rows)
    if evaluation.picture is not None:
        tables.echo("", f"confusion matrix: {evaluation.picture}")
