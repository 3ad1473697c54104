"""Frames of pandas, which is no dependency of darnax."""

from typing import Any

from darnax.errors import RequestError
from darnax.extras import pip_install


def import_pandas() -> Any:
    """Return the module pandas.

    Raises:
        RequestError: it is not installed.
    """
    try:
        import pandas
    except ModuleNotFoundError as error:
        what = f"to_pandas needs pandas, which is not installed: {pip_install('pandas')}"
        raise RequestError(what) from error
    return pandas
