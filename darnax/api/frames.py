"""Frames of pandas, which is no dependency of darnax."""

import sys
from typing import Any

from darnax.errors import RequestError


def import_pandas() -> Any:
    """Return the module pandas.

    Raises:
        RequestError: it is not installed.
    """
    try:
        import pandas
    except ModuleNotFoundError as error:
        command = f"{sys.executable} -m pip install pandas"
        raise RequestError(f"to_pandas needs pandas, which is not installed: {command}") from error
    return pandas
