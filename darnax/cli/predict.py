"""`darnax predict`: the classes that a trained network gives to new inputs."""

from pathlib import Path
from typing import Annotated

import typer

from darnax.cli import tables
from darnax.cli.options import Debug, Run

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="Images, or one npy file of inputs (N, *raw); and `trust=[PACKAGE]`.",
        show_default=False,
    ),
]
Last = Annotated[bool, typer.Option("--last", help="Use the last network, not the best by eval/….")]
Csv = Annotated[
    Path | None,
    typer.Option(
        "--csv", metavar="FILE", help="Write the scores of all classes.", show_default=False
    ),
]


def predict(
    run: Run, files: Files, csv: Csv = None, last: Last = False, debug: Debug = False
) -> None:
    """Predict the classes of new inputs by the network of a run.

    Images have the size of those that the network was trained on, or the `data.resize` of the run:

        darnax predict outputs/photos/<time>-<id> new/*.png

        darnax predict outputs/mnist_chain/<time>-<id> images.npy --csv scores.csv
    """
    from darnax.api.citation import require_trust_only
    from darnax.api.predicting import predict_files
    from darnax.api.run import Run as TrainedRun
    from darnax.cli.display import warnings_to_stderr

    words = [word for word in files if word.startswith("trust=")]
    paths = [Path(word) for word in files if word not in words]
    with warnings_to_stderr():
        trained = TrainedRun(run, require_trust_only(words))
        model = trained.last_models[0] if last else trained.model
        found = predict_files(model, paths)
    tables.show(*found.table)
    if csv is not None:
        found.to_csv(csv)
        tables.echo(f"scores: {csv}")
