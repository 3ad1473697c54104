"""Starts the processes of one run; all fork from a process that has the imports already."""

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

SERVER = """
import json, os, signal, sys
import darnax.api.training, darnax.builder, darnax.laboratory.training, darnax.runner.train
import darnax.tracking.console
from darnax.cli import app
from darnax.data import Resident

def die(epoch_of_death):
    windows = Resident.windows
    def windows_or_death(self, epoch):
        if epoch == epoch_of_death:
            os.kill(os.getpid(), signal.SIGKILL)
        return windows(self, epoch)
    Resident.windows = windows_or_death

for line in sys.stdin:
    request = json.loads(line)
    if isinstance(request, int):
        print(os.waitstatus_to_exitcode(os.waitpid(request, 0)[1]), flush=True)
    elif (child := os.fork()):
        print(child, flush=True)
    else:
        output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1), os.dup2(output, 2)
        os.environ.update(request["environment"])
        if request["dies"] is not None:
            die(request["dies"])
        sys.argv = ["darnax", *request["words"]]
        app.main()
"""


class Forked:
    """Processes of the real command in one folder."""

    def __init__(self, place: Path) -> None:
        here = {"XDG_CACHE_HOME": str(place), "PYTHONPATH": str(Path(__file__).parents[1])}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.place, self.outputs = place, {}
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER], cwd=place, env={**os.environ, **here}, **pipes
        )

    def start(self, *words: object, dies: int | None = None, **environment: str) -> int:
        """Start a process, which kills itself when the epoch `dies` begins; return its number."""
        output = str(self.place / f"output{len(self.outputs)}")
        asked = {"words": list(map(str, words)), "output": output, "dies": dies}
        process = self._ask({**asked, "environment": environment})
        self.outputs[process] = Path(output)
        return process

    def start_all(self, count: int, *words: object, dying: int | None = None) -> list[int]:
        """Start the processes of one run; number `dying` dies in the middle of it."""
        port, started = free_port(), []
        for rank in range(count):
            joined = f"coordinator: 127.0.0.1:{port}, processes: {count}, rank: {rank}"
            dies = 3 if rank == dying else None
            started.append(self.start(*words, f"runner.distributed={{{joined}}}", dies=dies))
        return started

    def ended(self, process: int) -> tuple[int, str]:
        """Wait for a process; return its exit code and output."""
        return self._ask(process), self.outputs[process].read_text()

    def _ask(self, what: dict | int) -> int:
        self.server.stdin.write(json.dumps(what) + "\n")
        self.server.stdin.flush()
        return int(self.server.stdout.readline())

    def close(self) -> None:
        """End the process from which the others fork."""
        with ExitStack() as stack:
            stack.callback(self.server.wait)
            stack.callback(self.server.kill)
            self.server.stdin.close()
            self.server.stdout.close()


def free_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
