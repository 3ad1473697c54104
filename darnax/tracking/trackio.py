"""Trackio as a live view of the run on this machine, without an account."""

import errno
import os
import sqlite3
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.children import keep_to_installed_code
from darnax.files import is_strange, make_folder
from darnax.tracking.guard import guarded
from darnax.tracking.interface import Tracker

if TYPE_CHECKING:
    from trackio.run import Run


class Trackio(Tracker):
    """Copies the metrics to `folder/trackio/<project>.db`; `TRACKIO_DIR=<folder>/trackio trackio show` draws them as they come.

    `config` is the nested, resolved configuration. `run_id` names the run; one that is resumed passes `resume=True` and goes
    on under the same name. Nothing is printed and nothing is sent anywhere, unless the environment names a server of Trackio.
    Whatever goes wrong (Trackio is not installed, no disk) is one warning; from then on the tracker does nothing.
    """

    def __init__(
        self,
        folder: Path,
        *,
        project: str,
        run_id: str,
        group: str | None = None,
        config: Mapping[str, Any] | None = None,
        resume: bool = False,
    ) -> None:
        self.run: Run | None = None
        known = {
            "project": project,
            "name": run_id,
            "group": group,
            "resume": "allow" if resume else "never",
        }
        with self._guarded(), redirect_stdout(StringIO()):
            self.run = _start(known, folder.absolute() / "trackio", config)

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Hand one row over; a thread writes it."""
        if self.run is not None:
            with self._guarded():
                self.run.log(
                    {"epoch": epoch, **{name: float(value) for name, value in metrics.items()}},
                    step=step,
                )

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Wait for what is still to be written."""
        if self.run is not None:
            with self._guarded(), redirect_stdout(StringIO()):
                import trackio

                trackio.finish()  # type: ignore[no-untyped-call]  # the run's own `finish` leaves it to be finished again at exit
        self._off()

    def _guarded(self) -> AbstractContextManager[None]:
        return guarded("Trackio", self._off)

    def _off(self) -> None:
        self.run = None


def require_sound(database: Path) -> None:
    """Raise OSError or sqlite3.Error where Trackio would write elsewhere, or could not write: it says so again and again."""
    make_folder(database.parent)
    for file in database.parent.glob(f"{database.stem}.*"):
        if file.is_symlink() or is_strange(file):
            raise OSError(errno.EINVAL, "is a link, or not a regular file", str(file))
    if database.exists():
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()


def _start(known: Mapping[str, Any], place: Path, config: Mapping[str, Any] | None) -> "Run":
    os.environ["TRACKIO_DIR"] = str(place)  # Trackio looks at it once, when it is imported
    try:
        import trackio
        from trackio.sqlite_storage import SQLiteStorage
        from trackio.utils import TRACKIO_DIR
    except ImportError as error:
        raise RuntimeError(f'{error}: pip install "darnax[trackio]"') from error
    if place != TRACKIO_DIR:
        raise RuntimeError(f"this process writes to {TRACKIO_DIR} already")
    keep_to_installed_code()
    require_sound(SQLiteStorage.get_project_db_path(known["project"]))
    return trackio.init(
        **known, config=dict(config or {}), embed=False, auto_log_gpu=False, auto_log_cpu=False
    )
