"""Arrays in NumPy's files, never unpickled: `data=arrays data.path=my.npz`."""

import math
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from darnax.data.dataset import Dataset
from darnax.data.progress import Progress, silent
from darnax.data.selection import Selection
from darnax.errors import Problem, RequestError, explain_unreadable, first_line
from darnax.files import expand_user, in_memory, open_regular
from darnax.local_data.array_examples import EXPECTED, examples_from_arrays, pairs_from_names
from darnax.local_data.examples import Examples, LocalSource, divide_examples
from darnax.printing import count_of

WHERE = "data.path"
_ALWAYS = 1 << 28  # bytes of content that any npz file may have
_MOST_TIMES = 200  # largest plausible size of an npz file's content, relative to the file
_MAGIC = b"\x93NUMPY"
_PICKLED = "contains pickled objects, which are not read; save arrays of numbers"


class ArrayFiles(LocalSource):
    """Arrays called x_train, y_train, x_test, y_test, x_val and y_val, or x and y.

    Args:
        path: an npz file; a folder with x_train.npy, y_train.npy, …; or x.npy, beside y.npy.
        targets: `classes`, `patterns` or `values`; None: judged by the targets, see
            `darnax.local_data.targets.convert_targets`.
        class_names: the labels in the order of the outputs; None: sorted.
    """

    def __init__(
        self,
        path: str,
        targets: str | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        self.path = expand_user(path)
        self.targets = targets
        self.class_names = class_names

    def open(self) -> Dataset:
        """Return the dataset with its own splits, for code that uses the source by itself."""
        return divide_examples(self.read(self.path.parent), Selection(), memory_gib=math.inf)

    def read(self, directory: Path, progress: Progress = silent) -> Examples:
        del directory, progress
        pairs = pairs_from_names(load_arrays(self.path), WHERE)
        return examples_from_arrays(
            self.path.name, pairs, kind=self.targets, class_names=self.class_names
        )


class GivenArrays(LocalSource):
    """Arrays that Python code gave, which a run keeps in its folder.

    Args:
        pairs: split -> inputs and targets.
        targets, class_names: as in `ArrayFiles`.
    """

    def __init__(
        self,
        pairs: Mapping[str, tuple[Any, Any]],
        targets: str | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        self.pairs = pairs
        self.targets = targets
        self.class_names = class_names

    def open(self) -> Dataset:
        """Return the dataset with its own splits."""
        return divide_examples(self.read(Path()), Selection(), memory_gib=math.inf)

    def read(self, directory: Path, progress: Progress = silent) -> Examples:
        del directory, progress
        return examples_from_arrays(
            "data", self.pairs, kind=self.targets, class_names=self.class_names, where="data"
        )

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        total = 0
        for inputs, targets in self.pairs.values():
            total += np.asarray(inputs).nbytes + np.asarray(targets).nbytes
        return total

    def save(self, path: Path) -> None:
        """Write an npz file that `ArrayFiles` reads."""
        arrays: dict[str, np.ndarray] = {}
        for role, (x, y) in self.pairs.items():
            arrays |= {f"x_{role}": np.asarray(x), f"y_{role}": _without_objects(np.asarray(y))}
        with path.open("xb") as file:
            np.savez(file, allow_pickle=False, **arrays)


def _without_objects(targets: np.ndarray) -> np.ndarray:
    """Return names as an array of texts, which can be saved without pickle."""
    return targets.astype(str) if targets.dtype.kind == "O" else targets


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an npz file or a folder of npy files, by name.

    Raises:
        RequestError: there are none, or they cannot be read without unpickling.
    """
    if path.is_dir():
        files = sorted(path.glob("*.npy"))
        if not files:
            raise _refusal(path, f"has no .npy file, expected {EXPECTED}")
        return {file.stem: load_npy(file) for file in files}
    if path.suffix.lower() == ".npy":
        other = path.with_name("y" + path.name[1:])
        if path.name[:1].lower() != "x" or not other.is_file():
            what = "has no targets beside it; call the two x.npy and y.npy, or give an npz file"
            raise _refusal(path, what)
        return {"x": load_npy(path), "y": load_npy(other)}
    return _load_npz(path)


def _refusal(path: Path, what: str, where: str = WHERE) -> RequestError:
    return RequestError(Problem(where, f"{path} {what}"))


def _require_plausible(path: Path, size: int) -> None:
    """Raise RequestError if an npz file would unpack to too many bytes."""
    most = max(_ALWAYS, _MOST_TIMES * path.stat().st_size)
    what = f"would unpack to {count_of(size, 'byte')}, expected at most"
    if size > most:
        what = f"{what} {_MOST_TIMES} times its own size; if they are right, save them"
        raise _refusal(path, f"{what} uncompressed, with numpy.savez")
    if size > in_memory():
        what = f"{what} {in_memory()}, a third of the memory; save the arrays as a folder"
        raise _refusal(path, f"{what} of npy files, which are read in parts")


def _load_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with open_regular(path) as file:
            if not zipfile.is_zipfile(file):
                raise _refusal(path, f"is not an npz file; save one with {EXPECTED}")
            with zipfile.ZipFile(file) as archive:
                size = sum(info.file_size for info in archive.infolist())
            _require_plausible(path, size)
            file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
    except OSError as error:
        raise RequestError(Problem(WHERE, explain_unreadable(path, error))) from error
    except (ValueError, EOFError, MemoryError, zipfile.BadZipFile, RuntimeError) as error:
        raise _explain(path, error) from error


def load_npy(path: Path, where: str = WHERE) -> np.ndarray:
    """Return the array of an npy file.

    Args:
        path: of the file.
        where: what an error is about: a key of the configuration, or an option.

    Raises:
        RequestError: it cannot be read without unpickling.
    """
    try:
        with open_regular(path) as file:  # a FIFO or a device is refused
            start = file.read(len(_MAGIC))
        if start[:2] not in (_MAGIC[:2], b"PK"):
            raise _refusal(path, "is not an npy file; save it with numpy.save", where)
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise RequestError(Problem(where, explain_unreadable(path, error))) from error
    except (ValueError, EOFError, MemoryError) as error:
        raise _explain(path, error, where) from error
    if not isinstance(array, np.ndarray):
        array.close()
        what = "is an npz file, expected an npy file; save one array with numpy.save"
        raise _refusal(path, what, where)
    return array


def _explain(path: Path, error: Exception, where: str = WHERE) -> RequestError:
    reason = first_line(error)
    if "pickle" in reason.lower() or "object" in reason.lower():
        return _refusal(path, _PICKLED, where)
    return _refusal(path, f"is damaged ({reason}); save it again", where)
