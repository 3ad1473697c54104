"""`darnax.load`: a run, a sweep, or an exported network, by its path."""

from collections.abc import Iterable
from pathlib import Path

from darnax.api.exporting import load_model
from darnax.api.model import Model
from darnax.api.run import Run
from darnax.api.sweep import Sweep
from darnax.errors import RequestError
from darnax.files import expand_user
from darnax.reports.runs import find_by_name
from darnax.sweeps.record import NAME


def load(path: str | Path, *, trust: Iterable[str] = ()) -> Run | Sweep | Model:
    """Open a run, a sweep or an exported network.

    Args:
        path: the folder of a run or of a sweep, here or copied from another machine; the id of one
            in `outputs`; or a file that `Run.export` wrote.
        trust: packages whose code its configuration may name, besides darnax and Optax.

    Raises:
        RequestError: there is nothing of the kind, or it is damaged.

    Example:
        >>> import darnax
        >>> trained = darnax.train("+experiment=associations", "tracking=local", "runner.epochs=1")
        >>> run = darnax.load(trained.folder)
        >>> run.status
        'finished'
        >>> model = darnax.load(run.export("associations.safetensors"))
        >>> type(model).__name__
        'Model'
    """
    given = expand_user(str(path))
    if given.is_file() and given.suffix == ".safetensors":
        return load_model(given, frozenset(trust))
    if given.is_file():
        what = "got a file, expected the folder of a run or a sweep, or FILE.safetensors"
        raise RequestError(f"{given}: {what}")
    folder = given if given.is_dir() else find_by_name(str(path))
    return Sweep(folder, trust) if (folder / NAME).exists() else Run(folder, trust)
