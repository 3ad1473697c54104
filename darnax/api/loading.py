"""`darnax.load`: a run, a sweep, or an exported network, by its path."""

from collections.abc import Iterable
from pathlib import Path

from darnax.api.arguments import require_names, require_path
from darnax.api.exporting import load_model
from darnax.api.finding import find_folder
from darnax.api.model import Model
from darnax.api.run import Run
from darnax.api.sweep import Sweep
from darnax.errors import RequestError
from darnax.files import exists, is_file, is_folder
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
    expected = "the path of a run, a sweep or FILE.safetensors, or an id"
    given = require_path(path, "path", expected)
    trusted = require_names(trust, "trust")
    if is_file(given) and given.suffix == ".safetensors":
        return load_model(given, frozenset(trusted))
    if exists(given) and not is_folder(given):
        what = "got a file, expected the folder of a run or a sweep, or FILE.safetensors"
        raise RequestError(f"{given}: {what}")
    folder = find_folder(given)
    return Sweep(folder, trusted) if exists(folder / NAME) else Run(folder, trusted)
