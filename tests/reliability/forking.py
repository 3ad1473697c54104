"""Runs the real command many times: a process with all imports forks for each of them."""

import json
import os
import subprocess
import sys
from pathlib import Path

SERVER = """
import json, os, sys
import darnax.builder, darnax.composing.composer, darnax.laboratory.training
import darnax.sweeps.running, darnax.runner.train
import darnax.tracking.console, darnax.tracking.trackio, darnax.tracking.wandb
from darnax.cli import app
for line in sys.stdin:
    request = json.loads(line)
    if isinstance(request, int):
        print(os.waitstatus_to_exitcode(os.waitpid(request, 0)[1]), flush=True)
    elif (child := os.fork()):
        print(child, flush=True)
    else:
        output = os.open("output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1), os.dup2(output, 2)
        sys.argv = ["darnax", *request]
        app.main()
"""


class Commands:
    """`start` returns the process of a command, `ended` its exit code and output; one at a time."""

    def __init__(self, place: Path) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
        caches = {
            "XDG_CACHE_HOME": str(place / "cache"),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.place = place
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER], cwd=place, env={**clean, **caches}, **pipes
        )

    def start(self, *words: object) -> int:
        return self._ask(list(map(str, words)))

    def ended(self, process: int) -> tuple[int, str]:
        return self._ask(process), (self.place / "output").read_text()

    def _ask(self, what: list[str] | int) -> int:
        self.server.stdin.write(json.dumps(what) + "\n")
        self.server.stdin.flush()
        return int(self.server.stdout.readline())

    def close(self) -> None:
        self.server.stdin.close()
        self.server.stdout.close()
        self.server.kill()
        self.server.wait()
