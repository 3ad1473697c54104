"""Evaluates the network of a run, and draws its confusion matrix."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from darnax.files import write_inside
from darnax.laboratory import evaluating_over, reopening
from darnax.laboratory.display import Display
from darnax.printing import printable

if TYPE_CHECKING:
    from darnax.reports.score_curve import ScoreCurve
    from darnax.runner.evaluate import Evaluation

PICTURE = "confusion.svg"  # in the folder of the run
logger = logging.getLogger(__name__)
MOST_CLASSES = 200  # in the picture, which has a square for each pair of classes


def evaluate_run(
    folder: Path, overrides: Sequence[str], display: Display, *, picture: bool = True
) -> "Evaluation":
    """Evaluate the network of a run on the test split.

    Args:
        folder: of the run.
        overrides: of the data.
        display: shows the progress of preparing data.
        picture: whether to draw the confusion matrix into the folder, as confusion.svg and as
            a page, confusion.html; not with too many classes. Where they cannot be written, as in
            a read-only folder, there is a warning.

    Raises:
        RequestError: the run or its data cannot be opened.
    """
    evaluation = reopening.evaluate(folder, overrides, display)
    if not picture or not 0 < len(evaluation.class_names) <= MOST_CLASSES:
        return evaluation
    from darnax.reports import confusion, page
    from darnax.reports.runs import read

    matrix, names = evaluation.confusion, evaluation.class_names
    title = f"{read(folder).experiment} {folder.resolve().name} · confusion matrix"
    changes = [printable(word) for word in overrides if not word.startswith("trust=")]
    parts = [f"checkpoint {evaluation.checkpoint}", evaluation.describe(), *changes]
    summary = " · ".join(parts)
    content = confusion.collect(matrix, names, title, summary)
    try:
        write_inside(folder, PICTURE, confusion.draw(matrix, names))
        write_inside(folder, confusion.PAGE, page.render(content, confusion.SCRIPTS))
    except OSError as error:
        what = "%s was not written (%s); evaluate a copy of the run to have it"
        logger.warning(what, printable(str(folder / PICTURE)), error.strerror)
        return evaluation
    return replace(evaluation, picture=folder / PICTURE)


def evaluate_run_over(
    folder: Path, over: str, overrides: Sequence[str], display: Display
) -> "ScoreCurve":
    """Evaluate the network of a run for every value of `over`, a word KEY=VALUE,VALUE,….

    Raises:
        RequestError: the key is not one of a random stage, or a value is not valid.
    """
    return evaluating_over.evaluate_over(folder, over, overrides, display)
