"""One point of a sweep, in the process that Hydra's launcher chose for it: here, a worker, or a machine of a cluster."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from types import FrameType

from darnax.errors import Problem, RequestError, one_line
from darnax.files import read_text
from darnax.locks import file_lock
from darnax.sweeps.changes import find_differences
from darnax.sweeps.membership import Membership
from darnax.sweeps.moved_points import point_at
from darnax.sweeps.record import PATIENCE, Here, Point, Record, append_note
from darnax.tracking.pruning import Pruned

OnFailure = Callable[[BaseException], None]

LOOK = 0.5  # seconds between two looks at whether the sweep is being stopped
POINT_LOCK = threading.Lock()  # held in a worker while a point is under way


def run_or_skip_point(
    folder: Path,
    home: int,
    on_failure: OnFailure,
    trusted: Collection[str],
    here: Here,
    overrides: list[str],
) -> None:
    """Bring a point to its end, from wherever it is; what goes wrong is noted in the folder and stops no other point."""
    record = Record.read(folder)
    point = record.point(overrides)
    with file_lock(record.note(point), PATIENCE) as mine, stop_watcher(record, home):
        if mine and not record.stop.exists():
            (run_point if os.getpid() == home else run_in_worker)(
                record, point, trusted, here, on_failure
            )


def run_point(
    record: Record,
    point: Point,
    trusted: Collection[str],
    here: Here,
    on_failure: OnFailure,
) -> None:
    """Start the run of a point or go on with it, and note how it failed if it does; a pruned one has not."""
    note = record.note(point)
    append_note(note, "")
    try:
        from darnax.laboratory import training

        run, membership = record.runs().get(point.overrides), Membership(record)
        if run is None:
            new = here(point)
            training.train(
                new.config or {},
                composed=new.composed,
                overrides=point.overrides,
                command=record.command,
                sweep=membership,
            )
        else:
            require_recorded(run, point)
            training.resume(run, sweep=membership, trusted=trusted)
    except Pruned:
        return
    except Exception as error:
        on_failure(error)
        kind = "refused" if isinstance(error, RequestError) else "failed"
        append_note(note, f"{kind}: {one_line(error)}")


def require_recorded(run: Path, point: Point) -> None:
    """Raise RequestError where a run has another configuration than the record of the sweep."""
    from darnax.runner.run_folder import RunFolder

    there = Point(point.overrides, RunFolder.open(run).config())
    # What follows from paths is what it was where the run began, maybe on another machine.
    if found := list(find_differences(point_at(point, there.config or {}), there)):
        what = "is not the configuration that sweep.json has for this point; restore the one or the other"
        raise RequestError(Problem(str(run / "config.yaml"), what), *found)


def run_in_worker(
    record: Record, point: Point, trusted: Collection[str], here: Here, on_failure: OnFailure
) -> None:
    """Work on a point in a process of its own, in silence."""
    from darnax.runner.interrupts import Interrupted

    with contextlib.suppress(OSError):  # so that Ctrl-C reaches the one who asks all to stop, once
        os.setpgid(0, 0)
    with ExitStack() as stack:
        silence = stack.enter_context(Path(os.devnull).open("w"))
        stack.enter_context(contextlib.redirect_stdout(silence))
        stack.enter_context(POINT_LOCK)
        exit_with_parent(os.getppid())
        stack.enter_context(contextlib.suppress(Interrupted))
        stack.enter_context(stoppable(record.folder))
        run_point(record, point, trusted, here, on_failure)


@cache
def exit_with_parent(parent: int) -> None:
    """End this process when its parent has died: between two points it would wait for ever to be given the next one."""

    def leave() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        with POINT_LOCK:
            os._exit(128 + signal.SIGTERM)

    threading.Thread(target=leave, daemon=True).start()


@contextlib.contextmanager
def stop_watcher(record: Record, home: int) -> Iterator[None]:
    """Stop this process when the sweep is being stopped, and a worker when its parent has died."""
    over = threading.Event()
    parent = None if os.getpid() == home else os.getppid()
    threading.Thread(target=poll_stop_file, args=(record, parent, over), daemon=True).start()
    try:
        yield
    finally:
        over.set()


def poll_stop_file(record: Record, parent: int | None, over: threading.Event) -> None:
    """Signal this process until it heeds: an exception that a signal raises in a destructor is lost."""
    while not over.wait(LOOK):
        stopped, orphaned = record.stop.exists(), parent not in (None, os.getppid())
        run = getattr(
            signal.getsignal(signal.SIGTERM), "__self__", None
        )  # has a signum once it was asked, and obeys then
        if (stopped or orphaned) and getattr(run, "signum", None) is None:
            os.kill(os.getpid(), signal_in(record.stop) if stopped else signal.SIGTERM)


def signal_in(stop: Path) -> signal.Signals:
    """Return the signal that a sweep is stopped with; SIGTERM where the file says anything but SIGINT."""
    try:
        return signal.SIGINT if read_text(stop) == str(int(signal.SIGINT)) else signal.SIGTERM
    except (OSError, ValueError):
        return signal.SIGTERM


@contextlib.contextmanager
def stoppable(folder: Path) -> Iterator[None]:
    """Raise Interrupted at SIGINT and SIGTERM, wherever no run is under way to notice them itself."""
    from darnax.runner.interrupts import Interrupted, handling

    def stop(signum: int, frame: FrameType | None) -> None:
        raise Interrupted(signum, folder)

    with handling(stop):
        yield
