"""Makes the objects that a configuration describes."""

from typing import Any

from darnax.builder.calls import Reader
from darnax.errors import RequestError, first_line


def make(node: Any, where: str, reader: Reader, kind: type | None = None) -> Any:
    """Make the object of a `_target_`; None, and a problem, if that fails."""
    call = reader.call(node, where, kind)
    if call is None:
        return None
    try:
        result = call()
    except RequestError as error:  # which names the settings
        reader.problems.found += error.problems
        return None
    except Exception as error:  # constructors of other packages may raise anything
        reader.problems.add(where, first_line(error))
        return None
    if kind is not None and not isinstance(result, kind):
        reader.problems.add(where, f"got {type(result).__name__}, expected a {kind.__name__}")
    return result
