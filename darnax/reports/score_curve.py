"""The score of a trained network over one setting of its data, such as a level of noise."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darnax.errors import writing_file
from darnax.printing import count_of, escape_cell
from darnax.reports import analysis, page
from darnax.scores import ACCURACY, format_spread

NOTE = "Mean score on the test split; the bars are one standard error of the mean up and down."


@dataclass(frozen=True)
class ScoreCurve:
    """One score for each value of a key.

    Args:
        key: the key in the configuration.
        values: its values, as text.
        scores: the mean score over the test examples, for each value.
        standard_errors: of these means, over the examples: √(p (1 − p) / n) for an accuracy p.
        examples: the number n of test examples.
        score_name: the name of the score.
        checkpoint: the description of the evaluated checkpoint.
        run: the name of the run.
    """

    key: str
    values: tuple[str, ...]
    scores: tuple[float, ...]
    standard_errors: tuple[float, ...]
    examples: int
    score_name: str
    checkpoint: str
    run: str = ""

    def columns(self) -> tuple[str, str, str]:
        """Return the heads of the table."""
        return self.key, self.score_name, "standard error"

    def rows(self) -> list[tuple[str, float, float]]:
        """Return value, score and standard error, row by row."""
        return list(zip(self.values, self.scores, self.standard_errors, strict=True))

    def cells(self) -> list[tuple[str, str]]:
        """Return value and `score ± standard error` as text, row by row."""
        percent = self.score_name.endswith(ACCURACY)
        found = []
        for value, score, error in self.rows():
            text = f"{score:.4f} ± {error:.4f}"
            if percent:
                text = format_spread(self.score_name, score, error)
            found.append((value, text))
        return found

    def write_csv(self, path: Path) -> None:
        """Write the table with all its digits, and the number of examples."""
        with writing_file(path), path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(map(escape_cell, (*self.columns(), "examples")))
            for value, score, error in self.rows():
                row = (value, repr(score), repr(error), self.examples)
                table.writerow(map(escape_cell, row))

    def write_page(self, path: Path) -> None:
        """Write the curve as one HTML file."""
        text = page.render(self.collect(), analysis.SCRIPTS)
        with writing_file(path):
            path.write_text(text, encoding="utf-8")

    def collect(self) -> dict[str, Any]:
        """Return the content of the page as JSON values."""
        value, score, error = self.columns()
        title = f"{score} over {value}"
        percent = "y" if score.endswith(ACCURACY) else ""
        figure = analysis.Figure(
            "Score", NOTE, (), None, value, score, error=error, percent=percent
        )
        rows = []
        for row in self.rows():
            rows.append(dict(zip(self.columns(), map(str, row), strict=True)))
        return {
            "title": title,
            "name": self.run,
            "status": count_of(self.examples, "test example"),
            "checkpoint": self.checkpoint,
            "metrics": {},
            "figures": [analysis.make_figure(figure, rows)],
        }
