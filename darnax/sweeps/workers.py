"""Runs one point of a sweep, in the process that the launcher chose: this one or a worker."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from functools import cache, lru_cache
from pathlib import Path
from types import FrameType

from darnax.errors import Problem, RequestError, one_line
from darnax.files import read_text
from darnax.locks import file_lock
from darnax.sweeps.membership import Membership
from darnax.sweeps.moved_points import point_at
from darnax.sweeps.point import Here, Point
from darnax.sweeps.point_differences import find_differences
from darnax.sweeps.record import NAME, PATIENCE, Record, append_note
from darnax.tracking.pruning import Pruned

OnFailure = Callable[[BaseException], None]

POLL_INTERVAL = 0.5  # seconds between two checks whether the sweep is being stopped
POINT_LOCK = threading.Lock()  # locked in a worker while a point runs


def run_or_skip_point(
    folder: Path,
    home: int,
    on_failure: OnFailure,
    trusted: Collection[str],
    here: Here,
    overrides: list[str],
) -> None:
    """Run a point to its end; a failure is noted in the folder and stops no other point."""
    record = read_record(folder)
    point = record.point(overrides)
    with file_lock(record.note(point), PATIENCE) as locked, stop_watcher(record, home):
        if not locked or record.stop.exists():
            return
        run = run_point if os.getpid() == home else run_in_worker
        run(record, point, trusted, here, on_failure)


def read_record(folder: Path) -> Record:
    """Read the sweep in a folder, again only where its file has changed since the last point."""
    try:
        about = (folder / NAME).stat()
    except OSError:
        return Record.read(folder)  # which explains what is wrong
    return read_version(folder, about.st_ino, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=1)
def read_version(folder: Path, *_: int) -> Record:
    """Read a version of the sweep in a folder; its file takes 10 KB for every point."""
    return Record.read(folder)


def run_point(
    record: Record,
    point: Point,
    trusted: Collection[str],
    here: Here,
    on_failure: OnFailure,
) -> None:
    """Start or resume the run of a point, and note its failure; a pruned run has not failed."""
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
    """Raise RequestError if a run has another configuration than the record of the sweep."""
    from darnax.runner.run_folder import RunFolder

    recorded = Point(point.overrides, RunFolder.open(run).config())
    # The run may have started on another machine: values derived from paths are compared as there.
    differences = list(find_differences(point_at(point, recorded.config or {}), recorded))
    if differences:
        what = "is not the configuration that sweep.json has for this point; "
        what += "restore the one or the other"
        raise RequestError(Problem(str(run / "config.yaml"), what), *differences)


def run_in_worker(
    record: Record, point: Point, trusted: Collection[str], here: Here, on_failure: OnFailure
) -> None:
    """Run a point in a worker process, without output."""
    from darnax.runner.stop_signals import Interrupted

    with contextlib.suppress(OSError):  # so that Ctrl-C reaches the main process only
        os.setpgid(0, 0)
    with ExitStack() as stack:
        silence = stack.enter_context(Path(os.devnull).open("w"))
        stack.enter_context(contextlib.redirect_stdout(silence))
        stack.enter_context(POINT_LOCK)
        exit_with_parent(os.getppid())
        stack.enter_context(contextlib.suppress(Interrupted))
        stack.enter_context(stoppable(record.folder))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))  # which Ray blocks
        run_point(record, point, trusted, here, on_failure)


@cache
def exit_with_parent(parent: int) -> None:
    """End this process when its parent has died: a worker would wait forever for a next point."""

    def leave() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_INTERVAL)
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
    """Signal this process until it stops: an exception raised in a destructor is lost."""
    while not over.wait(POLL_INTERVAL):
        stopped, orphaned = record.stop.exists(), parent not in (None, os.getppid())
        # The handler of a run under way is a method of an object, which stores the signal.
        handler = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
        is_stopping = getattr(handler, "signum", None) is not None
        if (stopped or orphaned) and not is_stopping:
            os.kill(os.getpid(), read_signal(record.stop) if stopped else signal.SIGTERM)


def read_signal(stop: Path) -> signal.Signals:
    """Return the signal in the stop file; SIGTERM if it contains anything but SIGINT."""
    try:
        return signal.SIGINT if read_text(stop) == str(int(signal.SIGINT)) else signal.SIGTERM
    except (OSError, ValueError):
        return signal.SIGTERM


@contextlib.contextmanager
def stoppable(folder: Path) -> Iterator[None]:
    """Raise Interrupted at SIGINT and SIGTERM while no run handles them itself."""
    from darnax.runner.stop_signals import Interrupted, handling_signals

    def stop(signum: int, frame: FrameType | None) -> None:
        raise Interrupted(signum, folder)

    with handling_signals(stop):
        yield
