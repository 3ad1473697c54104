"""The score of a network over one setting of its data, as a table and as a page."""

from pathlib import Path
from typing import Any

import numpy as np

from darnax.api.frames import import_pandas
from darnax.api.table import TextTable
from darnax.files import expand_user
from darnax.reports.score_curve import ScoreCurve


class Curve:
    """One score for each value of a key: what `Run.evaluate_over` returns.

    Args:
        found: the curve of `darnax.reports`.

    Attributes:
        key: the key in the configuration.
        values: its values, as text.
        scores: the mean score for each value, an array.
        standard_errors: of these means, an array.
        examples: the number of test examples.
    """

    def __init__(self, found: ScoreCurve) -> None:
        self.found = found
        self.key, self.values, self.examples = found.key, found.values, found.examples
        self.scores, self.standard_errors = np.array(found.scores), np.array(found.standard_errors)

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame`: value, score and standard error."""
        pandas = import_pandas()
        return pandas.DataFrame.from_records(self.found.rows(), columns=self.found.columns())

    def to_csv(self, path: str | Path) -> Path:
        """Write the table with all its digits; return its path."""
        file = expand_user(str(path))
        self.found.write_csv(file)
        return file

    def to_html(self, path: str | Path) -> Path:
        """Write a page with the curve; return its path."""
        file = expand_user(str(path))
        self.found.write_page(file)
        return file

    def _table(self) -> TextTable:
        head = f"{self.found.score_name} ± standard error"
        return TextTable((self.key, head), self.found.cells())

    def __repr__(self) -> str:
        return repr(self._table())

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()
