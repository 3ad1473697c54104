"""W&B. Oracle: W&B itself, in a separate process.

What it leaves on disk, what it prints, how long it takes.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sampling import one_of

RUN = """
import sys
from pathlib import Path
import darnax.tracking.wandb as module
from darnax.tracking import TrackedRun
from darnax.tracking.guarded import Guarded
module.ONLINE_SECONDS = 1.0
outputs = Path(sys.argv[1])
run = TrackedRun(
    id="2026-run",
    folder=outputs / "x" / "2026-run",
    outputs=outputs,
    config={"model": {"depth": 2}},
    name="the run",
    group="x",
)
tracker = Guarded("W&B", lambda: module.WandB(run, mode=sys.argv[2]))
for step in (1, 2, 3):
    metrics = {"eval/accuracy": step / 10, "relax/free/flips": float("nan")}
    tracker.log(metrics, step=step, epoch=step / 2)
tracker.finish({"status": "finished", "best": {"eval/accuracy": 0.3}})
print("wandb" in sys.modules)
"""


def run(
    folder: Path, mode: str, place: Path = Path(__file__).parents[2], **environment: str
) -> tuple[subprocess.CompletedProcess[str], float]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    home = {"HOME": str(folder), "NETRC": str(folder / "netrc"), "WANDB_CONFIG_DIR": str(folder)}
    start = time.monotonic()
    answer = subprocess.run(
        [sys.executable, "-c", RUN, str(folder / "outputs"), mode],
        env={"PYTHONPATH": str(Path(__file__).parents[2]), **clean, **home, **environment},
        cwd=place,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return answer, time.monotonic() - start


def test_offline_leaves_a_run_and_prints_nothing(tmp_path: Path) -> None:
    answer, _ = run(tmp_path, "offline")
    assert (answer.stdout, answer.stderr) == ("True\n", "")
    (record,) = (tmp_path / "outputs" / "wandb").glob("offline-run-*/run-2026-run.wandb")
    content = record.read_bytes()
    assert all(
        word in content
        for word in (
            b"eval/accuracy",
            b"relax/free/flips",
            b"epoch",
            b"depth",
            b"best/eval/accuracy",
        )
    )


def test_online_without_a_key_is_one_warning(tmp_path: Path) -> None:
    answer, _ = run(tmp_path, "online")
    assert answer.stdout == "True\n"
    (line,) = answer.stderr.splitlines()
    assert line.startswith("W&B is off for the rest of this run (no API key")


def test_online_without_network_is_one_warning_soon(tmp_path: Path) -> None:
    answer, seconds = run(
        tmp_path, "online", WANDB_API_KEY="a" * 40, WANDB_BASE_URL="http://127.0.0.1:9"
    )
    (line,) = answer.stderr.splitlines()
    assert line.startswith("W&B is off for the rest of this run")
    assert seconds < 20


def test_disabled_does_not_import_it(tmp_path: Path) -> None:
    answer, _ = run(tmp_path, "disabled")
    assert (answer.stdout, answer.stderr) == ("False\n", "")
    assert not (tmp_path / "outputs").exists()


STRANGE = {
    "a file": Path.touch,
    "a FIFO": os.mkfifo,
    "a link": lambda path: path.symlink_to(path.parents[1] / "elsewhere"),
}


@pytest.mark.parametrize("kind", one_of(3, list(STRANGE)))
def test_an_irregular_folder_of_wandb_is_one_warning(tmp_path: Path, kind: str) -> None:
    (tmp_path / "outputs").mkdir()
    (tmp_path / "elsewhere").mkdir()
    STRANGE[kind](tmp_path / "outputs" / "wandb")
    answer, _ = run(tmp_path, "offline")
    (line,) = answer.stderr.splitlines()
    assert line.startswith("W&B is off for the rest of this run")
    assert not list((tmp_path / "elsewhere").iterdir())


SETTINGS = {
    "another server": (
        "[default]\nbase_url = http://127.0.0.1:9\n",
        "holds base_url, which W&B would obey",
    ),
    "an invalid file": ("\0\0", "would obey"),
    "settings that darnax overrides": ("[default]\nmode = online\nproject = theirs\n", ""),
}


@pytest.mark.parametrize("what", one_of(3, list(SETTINGS)))
def test_settings_of_the_working_directory_are_ignored(tmp_path: Path, what: str) -> None:
    (tmp_path / "place" / "wandb").mkdir(parents=True)
    content, says = SETTINGS[what]
    (tmp_path / "place" / "wandb" / "settings").write_text(content)
    answer, _ = run(tmp_path, "offline", tmp_path / "place")
    assert says in answer.stderr
    assert len(answer.stderr.splitlines()) == bool(says)
    assert bool(list((tmp_path / "outputs" / "wandb").glob("offline-run-*"))) == (not says)
