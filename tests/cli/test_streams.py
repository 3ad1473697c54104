"""Failing output streams. Oracle: errors of closed pipes, full devices and closed descriptors."""

import io
import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from darnax.cli import streams
from darnax.cli.streams import Screen
from darnax.errors import RequestError

RUN = [
    "+experiment=digits_smoke",
    "data=associations",
    "data.per_class=null",
    "~model.adapters.w_in.patch",
]
RUN += ["~model.adapters.w_out.rule", "model.features=20", "runner.epochs=1", "tracking=local"]


def text(descriptor: int, encoding: str = "utf-8") -> io.TextIOWrapper:
    return io.TextIOWrapper(
        Screen("stdout", descriptor), encoding, errors="replace", write_through=True
    )


def closed_pipe() -> int:
    """Return a pipe whose reading end is closed."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def closed() -> int:
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.close(descriptor)
    return descriptor


LOST = {
    "Broken pipe": closed_pipe,
    "No space left": lambda: os.open("/dev/full", os.O_WRONLY),
    "Bad file": closed,
}


@pytest.mark.parametrize("reason", LOST)
def test_a_failing_stream_is_reported_once_and_accepts_further_output(reason, caplog):
    stream = text(LOST[reason]())
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            print("…" * 10_000, file=stream)
    assert [
        record.getMessage().startswith(f"stdout cannot be written ({reason}")
        for record in caplog.records
    ] == [True]


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("latin-1", b"3 ? \xb1 1\n"), ("ascii", b"3 ? ? 1\n"), ("utf-8", "3 … ± 1\n".encode())],
)
def test_what_the_stream_cannot_encode_is_replaced(encoding, written):
    reading, writing = os.pipe()
    print("3 … ± 1", file=text(writing, encoding))
    assert os.read(reading, 100) == written
    os.close(reading), os.close(writing)


def test_a_nonblocking_pipe_receives_all_output():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    received = []
    with os.fdopen(reading, "rb") as file:
        reader = threading.Thread(target=lambda: received.append(len(file.read())))
        reader.start()
        text(writing).write("x" * 1_000_000)
        os.close(writing)
        reader.join()
    assert received == [1_000_000]


@pytest.mark.parametrize(("reason", "refused"), [("Broken pipe", False), ("No space left", True)])
def test_a_printing_command_exits_with_2_if_output_is_incomplete(monkeypatch, reason, refused):
    """A pipe closed by its reader is no error."""
    stream = text(LOST[reason]())
    monkeypatch.setattr(sys, "stdout", stream)
    stream.write("a table")
    if refused:
        with pytest.raises(RequestError, match="not complete"):
            streams.require_complete()
    else:
        streams.require_complete()


def train(place: Path, shell: str) -> tuple[int, Path]:
    """Train in a shell that redirects the streams; return the exit code and the run."""
    command = f'"{sys.executable}" -m darnax.cli.app train {" ".join(RUN)}'
    environment = {**os.environ, "XDG_CACHE_HOME": str(place.parent)}
    script = shell.format(command=command)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=place,
        env=environment,
        capture_output=True,
        timeout=600,
        check=False,
    )
    (run,) = place.glob("outputs/*/*")
    return done.returncode, run


SHELLS = {  # what is done to the streams, and how train.log names it
    "set -o pipefail; {command} 2> >(true) > /dev/full": "No space left on device",
    "set -o pipefail; {command} | head -1": "Broken pipe",
    "{command} >&- 2>&-": "it is closed",
    "PYTHONIOENCODING=ascii {command}": None,
    "PYTHONIOENCODING=latin-1 script -qec '{command}' /dev/null": None,
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "shell",
    [
        next(iter(SHELLS)),
        *(pytest.param(each, marks=pytest.mark.slow) for each in list(SHELLS)[1:]),
    ],
)
def test_a_run_ends_normally_if_its_output_streams_fail(tmp_path, shell):
    code, run = train(tmp_path, shell)
    assert code == 0
    assert json.loads((run / "summary.json").read_text())["status"] == "finished"
    log = (run / "train.log").read_text()
    assert SHELLS[shell] in log if SHELLS[shell] else log == ""
    assert log.count("stdout cannot be written") == (1 if SHELLS[shell] else 0)
