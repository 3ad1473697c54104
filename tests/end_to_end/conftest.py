import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

DARNAX = [sys.executable, "-m", "darnax.cli.app"]
SMALL = [
    "+experiment=digits_smoke",
    "model.features=100",
    "data.per_class=20",
    "tracking=local",
    "runner.epochs=1",
]


class Workspace:
    """An empty working directory in which the real command runs."""

    def __init__(self, place: Path, data: Path) -> None:
        # Without WANDB_SERVICE, which refers to the W&B service of the test process.
        mine = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
        self.started: list[subprocess.Popen] = []
        self.place, self.environment = (
            place,
            {**mine, "TFDS_DATA_DIR": str(data), "XDG_CACHE_HOME": str(data.parent)},
        )

    def darnax(self, *arguments: str, code: int = 0, timeout: float = 600) -> str:
        """Run `darnax`, check its exit code, and return its output."""
        done = subprocess.run(
            [*DARNAX, *arguments],
            cwd=self.place,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        output = done.stdout + done.stderr
        assert done.returncode == code, output
        assert "Traceback" not in output
        return output

    def start(self, *arguments: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [*DARNAX, *arguments],
            cwd=self.place,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def runs(self, experiment: str = "digits_smoke") -> list[Path]:
        return sorted(
            p
            for p in (self.place / "outputs" / experiment).glob("*-*")
            if (p / "config.yaml").exists()
        )


def summary(run: Path) -> dict:
    return json.loads((run / "summary.json").read_text())


def rows(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture
def workspace(tmp_path: Path, mnist_directory: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path, mnist_directory)
    yield workspace
    for process in workspace.started:  # that a test which fails has left behind
        with process:
            process.terminate()
