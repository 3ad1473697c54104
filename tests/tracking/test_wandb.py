"""W&B. Oracle: W&B itself, in a separate process.

What it leaves on disk, what it prints, how long it takes.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from sampling import one_of

from darnax.tracking import wandb_environment

RUN = """
import json
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
mode = None if sys.argv[2] == "unset" else sys.argv[2]
options = json.loads(sys.argv[3])
tracker = Guarded("W&B", lambda: module.WandB(run, mode=mode, **options))
for step in (1, 2, 3):
    metrics = {"eval/accuracy": step / 10, "relax/free/flips": float("nan")}
    tracker.log(metrics, step=step, epoch=step / 2)
tracker.finish({"status": "finished", "best": {"eval/accuracy": 0.3}})
print("wandb" in sys.modules)
"""


def run(
    folder: Path,
    mode: str,
    place: Path = Path(__file__).parents[2],
    options: Mapping[str, object] | None = None,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    home = {"HOME": str(folder), "NETRC": str(folder / "netrc"), "WANDB_CONFIG_DIR": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", RUN, str(folder / "outputs"), mode, json.dumps(options or {})],
        env={"PYTHONPATH": str(Path(__file__).parents[2]), **clean, **home, **environment},
        cwd=place,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


def test_offline_leaves_a_run_and_prints_nothing(tmp_path: Path) -> None:
    answer = run(tmp_path, "offline")
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
    answer = run(tmp_path, "online")
    assert answer.stdout == "True\n"
    (line,) = answer.stderr.splitlines()
    assert line.startswith("W&B is off for the rest of this run (no API key")


def test_online_without_network_is_one_warning(tmp_path: Path) -> None:
    # W&B's own limit is longer than that of `run`, after which this would fail.
    answer = run(tmp_path, "online", WANDB_API_KEY="a" * 40, WANDB_BASE_URL="http://127.0.0.1:9")
    (line,) = answer.stderr.splitlines()
    assert line.startswith("W&B is off for the rest of this run")


def test_disabled_does_not_import_it(tmp_path: Path) -> None:
    answer = run(tmp_path, "disabled")
    assert (answer.stdout, answer.stderr) == ("False\n", "")
    assert not (tmp_path / "outputs").exists()


# Variable -> what it is set to; each value is then in the record of the run.
VARIABLES = {
    "WANDB_PROJECT": "a-project",
    "WANDB_ENTITY": "an-entity",
    "WANDB_NAME": "a name",
    "WANDB_NOTES": "some notes",
    "WANDB_RUN_GROUP": "a-group",
    "WANDB_JOB_TYPE": "a-job",
    "WANDB_TAGS": "a-tag,another",
    "WANDB_RUN_ID": "an-id",
    "WANDB_SWEEP_ID": "a-sweep",
    "WANDB_HOST": "a-host",
    "WANDB_USERNAME": "somebody",
}
BY_CONFIGURATION = {
    "project": "its-project",
    "entity": "its-entity",
    "name": "its name",
    "group": "its-group",
    "job_type": "its-job",
    "tags": ["its-tag"],
}


def test_variables_of_wandb_hold_where_the_configuration_says_nothing(tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    place.mkdir()
    answer = run(tmp_path, "unset", WANDB_MODE="offline", WANDB_DIR=str(place), **VARIABLES)
    assert (answer.stdout, answer.stderr) == ("True\n", "")
    (record,) = place.glob("wandb/offline-run-*/run-an-id.wandb")
    content = record.read_bytes()
    for value in VARIABLES.values():
        for part in value.split(","):
            assert part.encode() in content, part
    assert not (tmp_path / "outputs" / "wandb").exists()


def test_a_variable_that_is_empty_counts_as_not_set(tmp_path: Path) -> None:
    answer = run(tmp_path, "offline", WANDB_MODE="", WANDB_PROJECT="", WANDB_RUN_ID="")
    assert (answer.stdout, answer.stderr) == ("True\n", "")
    assert list((tmp_path / "outputs" / "wandb").glob("offline-run-*/run-2026-run.wandb"))


@pytest.mark.slow
def test_the_configuration_holds_against_variables_of_wandb(tmp_path: Path) -> None:
    # Without a sweep of W&B, whose runs are in its project.
    variables = {name: value for name, value in VARIABLES.items() if name != "WANDB_SWEEP_ID"}
    run(tmp_path, "offline", options=BY_CONFIGURATION, WANDB_MODE="online", **variables)
    (record,) = (tmp_path / "outputs" / "wandb").glob("offline-run-*/run-an-id.wandb")
    content = record.read_bytes()
    for value in BY_CONFIGURATION.values():
        for part in [value] if isinstance(value, str) else value:
            assert part.encode() in content, part
    for name in ("PROJECT", "ENTITY", "NAME", "RUN_GROUP", "JOB_TYPE", "TAGS"):
        assert VARIABLES[f"WANDB_{name}"].encode() not in content


def test_nothing_is_printed_where_the_folder_of_caches_is_read_only(tmp_path: Path) -> None:
    (tmp_path / "caches").touch()  # a file, below which nobody can make a folder
    answer = run(tmp_path, "offline", XDG_CACHE_HOME=str(tmp_path / "caches"))
    assert (answer.stdout, answer.stderr) == ("True\n", "")


@pytest.mark.parametrize(
    ("environment", "mode"),
    [
        ({}, "offline"),
        ({"WANDB_MODE": "disabled"}, "disabled"),
        ({"WANDB_MODE": "dryrun"}, "offline"),
        ({"WANDB_MODE": "online"}, "online"),
        ({"WANDB_DISABLED": "true"}, "disabled"),
        ({"WANDB_DISABLED": "false", "WANDB_MODE": ""}, "offline"),
    ],
)
def test_the_mode_is_that_of_the_environment(monkeypatch, environment, mode) -> None:
    for name in ("WANDB_MODE", "WANDB_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wandb_environment.choose_mode(None) == mode
    assert wandb_environment.choose_mode("offline") == "offline"


def test_a_mode_that_does_not_exist_is_named(monkeypatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "loud")
    with pytest.raises(RuntimeError, match="WANDB_MODE: got 'loud', expected offline"):
        wandb_environment.choose_mode(None)


# Every setting that darnax has a default of, each with another value.
SETTINGS_OF_DARNAX = {
    "silent": "WANDB_SILENT",
    "console": "WANDB_CONSOLE",
    "init_timeout": "WANDB_INIT_TIMEOUT",
    "save_code": "WANDB_SAVE_CODE",
    "x_save_requirements": "WANDB__SAVE_REQUIREMENTS",
    "dir": "WANDB_DIR",
    "id": "WANDB_RUN_ID",
    "resume": "WANDB_RESUME",
}


@pytest.mark.parametrize("name", SETTINGS_OF_DARNAX)
def test_a_default_of_darnax_gives_way_to_the_variable(monkeypatch, name) -> None:
    monkeypatch.delenv(SETTINGS_OF_DARNAX[name], raising=False)
    assert wandb_environment.leave_to_environment({name: 1}) == {name: 1}
    monkeypatch.setenv(SETTINGS_OF_DARNAX[name], "2")
    assert wandb_environment.leave_to_environment({name: 1}) == {}


AGENT = """
import json, os, sys
from wandb.wandb_agent import Agent
agent = Agent.__new__(Agent)  # an agent that has no server
agent._in_jupyter, agent._function, agent._forward_signals = False, None, False
agent._run_processes = {}
agent._sweep_command = json.loads(sys.argv[1])
os.environ["WANDB_SWEEP_ID"] = "a-sweep"
arguments = {"model.features": {"value": 30}, "model.layers.hidden.j_d": {"value": 0.7}}
agent._command_run({"run_id": "run-of-agent", "program": "unused", "args": arguments})
sys.exit(agent._run_processes["run-of-agent"].wait())
"""


@pytest.mark.slow
def test_an_agent_of_a_sweep_of_wandb_trains_its_points(tmp_path: Path) -> None:
    # The code of W&B's agent fills in the command of its sweep, and starts it.
    experiment = ["+experiment=digits_smoke", "data=associations", "data.per_class=null"]
    experiment += ["~model.adapters.w_in.patch", "~model.adapters.w_out.rule", "runner.epochs=1"]
    command = [sys.executable, "-m", "darnax", "train", *experiment, "${args_no_hyphens}"]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "WANDB_MODE": "offline"}
    subprocess.run(
        [sys.executable, "-c", AGENT, json.dumps(command)],
        cwd=tmp_path,
        env={**os.environ, **environment, "WANDB_DIR": str(tmp_path)},
        check=True,
        timeout=600,
    )
    (config,) = tmp_path.glob("outputs/digits_smoke/*/config.yaml")
    content = yaml.safe_load(config.read_text())
    assert content["model"]["buffers"]["hidden"]["size"] == [30]
    assert content["model"]["layers"]["hidden"]["j_d"] == 0.7
    (record,) = tmp_path.glob("wandb/offline-run-*/run-run-of-agent.wandb")
    assert b"train/accuracy" in record.read_bytes()


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
    answer = run(tmp_path, "offline")
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
    answer = run(tmp_path, "offline", tmp_path / "place")
    assert says in answer.stderr
    assert len(answer.stderr.splitlines()) == bool(says)
    assert bool(list((tmp_path / "outputs" / "wandb").glob("offline-run-*"))) == (not says)
