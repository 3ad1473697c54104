"""Trackio as a live view of the run on this machine, without an account."""

import errno
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.children import keep_to_installed_code
from darnax.extras import install_command
from darnax.files import is_strange, make_folder
from darnax.tracking.interface import TrackedRun, Tracker

if TYPE_CHECKING:
    from trackio.run import Run


class Trackio(Tracker):
    """Copies the metrics to `<outputs>/trackio/<project>.db`.

    `TRACKIO_DIR=<outputs>/trackio trackio show` draws them as they come. A run that is resumed
    continues under its id. Nothing is printed and nothing is sent anywhere, unless the environment
    names a server of Trackio.

    Args:
        run: the run.
        project: the name of the database.
        group: of the run; None is the run's own.
    """

    concurrent = False  # Trackio has one run per process

    def __init__(
        self, run: TrackedRun, *, project: str = "darnax", group: str | None = None
    ) -> None:
        settings = {
            "project": project,
            "name": run.id,
            "group": run.group if group is None else group,
            "resume": "allow" if run.resumed else "never",
        }
        with redirect_stdout(StringIO()):
            self.run = _start(settings, run.outputs.absolute() / "trackio", run.config)

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Pass one row on; a thread writes it."""
        row = {name: float(value) for name, value in metrics.items()}
        self.run.log({"epoch": epoch, **row}, step=step)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Wait until all rows are written."""
        import trackio

        with redirect_stdout(StringIO()):
            # The run's own `finish` would leave it to be finished again at exit.
            trackio.finish()  # type: ignore[no-untyped-call]


def require_sound(database: Path) -> None:
    """Raise OSError or sqlite3.Error where Trackio would write elsewhere, or could not write.

    Trackio itself would report that again and again.
    """
    make_folder(database.parent)
    for file in database.parent.glob(f"{database.stem}.*"):
        if file.is_symlink() or is_strange(file):
            raise OSError(errno.EINVAL, "is a link, or not a regular file", str(file))
    if database.exists():
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()


def _start(known: Mapping[str, Any], folder: Path, config: Mapping[str, Any]) -> "Run":
    os.environ["TRACKIO_DIR"] = str(folder)  # Trackio looks at it once, when it is imported
    try:
        import trackio
        from trackio.sqlite_storage import SQLiteStorage
        from trackio.utils import TRACKIO_DIR
    except ImportError as error:
        raise RuntimeError(f"{error}: {install_command('trackio')}") from error
    if folder != TRACKIO_DIR:
        raise RuntimeError(f"this process writes to {TRACKIO_DIR} already")
    keep_to_installed_code()
    require_sound(SQLiteStorage.get_project_db_path(known["project"]))
    return trackio.init(
        **known, config=dict(config), embed=False, auto_log_gpu=False, auto_log_cpu=False
    )
