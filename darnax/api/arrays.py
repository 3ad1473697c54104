"""Arrays that Python code gives as data, instead of a file."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from darnax.errors import Problem, RequestError, writing_file
from darnax.files import expand_user

if TYPE_CHECKING:
    from darnax.local_data import GivenArrays

MOST_BYTES = 256 << 20  # of arrays that a run keeps
LARGER = (
    "got arrays of {} MiB, expected at most {}, which a run keeps in its folder; write them once, "
    "numpy.savez('my.npz', x_train=…, y_train=…, x_test=…, y_test=…), "
    "and train with 'data=arrays', 'data.path=my.npz'"
)


def given_arrays(data: Any) -> "GivenArrays":
    """Return what Python code gave as `data`, checked.

    Raises:
        RequestError: it is no tuple or mapping of arrays, or larger than a run keeps.
    """
    from darnax.local_data import GivenArrays
    from darnax.local_data.array_examples import pairs_from_tuple

    found = GivenArrays(pairs_from_tuple(data))
    if found.nbytes > MOST_BYTES:
        what = LARGER.format(found.nbytes >> 20, MOST_BYTES >> 20)
        raise RequestError(Problem("data", what))
    return found


def add_arrays(words: list[str], path: str, *, saved: bool = False) -> list[str]:
    """Return overrides that train on the arrays in a file.

    With `saved` they change a complete configuration, of data that are arrays as well.

    Raises:
        RequestError: the overrides choose other data.
    """
    for word in words:
        key, _, value = word.partition("=")
        if (key == "data" and value != "arrays") or key in ("data.path", "data.source"):
            raise RequestError(Problem(word, "chooses other data than the arrays; leave it out"))
    chosen = [] if saved or "data=arrays" in words else ["data=arrays"]
    return [*chosen, *words, f"data.path={path}"]


def write_shared(data: Any, folder: Path) -> Path:
    """Write arrays to a file with a name of their content, and return its path.

    The points of a sweep read it. An equal file is used as it is.
    """
    given = given_arrays(data)
    digest = hashlib.sha256()
    for role, pair in sorted(given.pairs.items()):
        for part in pair:
            array = np.ascontiguousarray(part)
            digest.update(f"{role} {array.dtype} {array.shape}".encode())
            content = repr(array.tolist()).encode() if array.dtype.kind == "O" else array.tobytes()
            digest.update(content)
    path = expand_user(folder).absolute() / "arrays" / f"{digest.hexdigest()[:16]}.npz"
    if not path.exists():
        with writing_file(path, "choose another paths.outputs"):
            path.parent.mkdir(parents=True, exist_ok=True)
            given.save(path)
    return path
