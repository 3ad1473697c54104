"""TensorBoard: the only importer of tensorboardX, which writes its event files."""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.extras import install_command
from darnax.files import make_folder
from darnax.tracking.interface import TrackedRun, Tracker
from darnax.tracking.strict_json import encode

if TYPE_CHECKING:
    from tensorboardX.event_file_writer import EventsWriter

LONGEST = 200  # of a folder's name, in characters; most systems allow 255 bytes


class TensorBoard(Tracker):
    """Writes the metrics to event files in `<outputs>/<folder>/<group>/<run>`.

    `tensorboard --logdir <outputs>/<folder>` draws them as they come. A run that is resumed adds a
    file to its folder.

    Args:
        run: the run.
        folder: in that of all outputs.
        group: the folder of the runs that belong together; None is the run's own group.
    """

    def __init__(
        self, run: TrackedRun, *, folder: str = "tensorboard", group: str | None = None
    ) -> None:
        self.writer = _open_writer(_make_folder(run, folder, run.group if group is None else group))
        if not run.resumed:
            self._write_text("config", encode(run.config, indent=2))

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Write one event; TensorBoard reads it when it next looks."""
        event = self._make_event(step)
        for name, value in {"epoch": epoch, **metrics}.items():
            event.summary.value.add(tag=name, simple_value=float(value))
        self._write(event)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Close the file."""
        self.writer.close()

    def _write_text(self, tag: str, text: str) -> None:
        from tensorboardX.summary import text as text_summary

        event = self._make_event(step=0)
        event.summary.MergeFrom(text_summary(tag, f"```json\n{text}\n```"))
        self._write(event)

    def _make_event(self, step: int) -> Any:
        from tensorboardX.proto.event_pb2 import Event

        return Event(wall_time=time.time(), step=step)

    def _write(self, event: Any) -> None:
        self.writer.write_event(event)
        self.writer.flush()


def _open_writer(folder: Path) -> "EventsWriter":
    try:
        # SummaryWriter has a thread, whose errors nobody catches and behind which `log` would wait.
        from tensorboardX.event_file_writer import EventsWriter
    except ImportError as error:
        raise RuntimeError(f"{error}: {install_command('tensorboard')}") from error
    # The name has seconds; a run that is resumed within one must not replace its first file.
    return EventsWriter(str(folder / "events"), filename_suffix=f".{time.time_ns()}")


def _make_folder(run: TrackedRun, folder: str, group: str) -> Path:
    """Make the folder of a run, and of no other run; links are not followed."""
    name = run.id if run.name == run.id else f"{run.name} {run.id}"
    path = run.outputs.absolute()
    for part in (folder, group, name):
        path = path / _as_folder_name(part)
        make_folder(path)
    return path


def _as_folder_name(name: str) -> str:
    """Return a name without characters that folders may not have, shortened at its front."""
    plain = re.sub(r"[^\w .=+,()\[\]-]", "_", name)[-LONGEST:]
    return plain if plain.strip(". ") else "_"
