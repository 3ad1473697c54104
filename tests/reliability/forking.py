"""Runs the real command many times: a process with all imports forks for each of them."""

import json
import os
import subprocess
import sys
from pathlib import Path

SERVER = """
import json, os, signal, sys
import darnax.api.training, darnax.builder, darnax.composing.composer, darnax.laboratory.training
import darnax.sweeps.running, darnax.runner.train
import darnax.tracking.console, darnax.tracking.trackio, darnax.tracking.wandb
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


class Commands:
    """`start` returns the process of a command, `ended` its exit code and output; one at a time."""

    def __init__(self, place: Path) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
        caches = {
            "XDG_CACHE_HOME": str(place / "cache"),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.place, self.outputs = place, {}
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER], cwd=place, env={**clean, **caches}, **pipes
        )

    def start(
        self, *words: object, output: str = "output", dies: int | None = None, **environment: str
    ) -> int:
        """Start a command, which kills itself when the epoch `dies` begins."""
        asked = {"words": list(map(str, words)), "output": output, "dies": dies}
        process = self._ask({**asked, "environment": environment})
        self.outputs[process] = self.place / output
        return process

    def ended(self, process: int) -> tuple[int, str]:
        return self._ask(process), self.outputs[process].read_text()

    def train_to_end(self, outputs: Path, *words: object) -> Path:
        """Train a run in an empty folder; return its folder."""
        code, printed = self.ended(self.start("train", *words, f"paths.outputs={outputs}"))
        assert code == 0, printed
        (run,) = outputs.glob("*/*")
        return run

    def _ask(self, what: dict[str, object] | int) -> int:
        self.server.stdin.write(json.dumps(what) + "\n")
        self.server.stdin.flush()
        return int(self.server.stdout.readline())

    def close(self) -> None:
        self.server.stdin.close()
        self.server.stdout.close()
        self.server.kill()
        self.server.wait()
