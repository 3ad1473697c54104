"""A foreign sweep folder runs no code, reads no variables, and writes nowhere else.

Oracles: the files that an attack would create or change, and Python's audit hook, which records
everything that a process opens, starts and imports.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sampling import one_of
from small_experiments import TASK

from darnax.composing.composer import compose
from darnax.errors import RequestError
from darnax.files import open_inside
from darnax.laboratory import training
from darnax.sweeps.record import OWN_FILES, Record
from darnax.sweeps.recorded_overrides import ON_RESUME, merge_overrides


@pytest.fixture(scope="module")
def task() -> dict[str, Any]:
    """Return a configuration without dataset, composed once."""
    return compose(TASK)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect the configurations of runs that would train."""
    found: list[Any] = []
    monkeypatch.setattr(training, "train", lambda config, **_: found.append(config))
    return found


def grid(config: dict[str, Any], *words: str, **changes: Any) -> Path:
    """Create the folder of a grid with two open points."""
    points = [
        {"overrides": [f"seed={seed}"], "config": config | {"seed": seed}, "refusal": ""}
        for seed in (1, 2)
    ]
    record = {
        "overrides": ["seed=1,2", *words],
        "file": None,
        "directory": str(Path.cwd()),
        "command": [],
        "points": points,
    }
    folder = Path("outputs/task/sweeps/2026-01-01_00-00-00-abcd").absolute()
    (folder / ".points").mkdir(parents=True)
    (folder / "sweep.json").write_text(json.dumps(record | changes))
    return folder


def search(config: dict[str, Any], *words: str, **changes: Any) -> Path:
    """Create the folder of a search that has drawn one point."""
    goal = {
        "metric": "eval/accuracy",
        "value": "best",
        "direction": "maximize",
        "trials": 20,
        "pruner": None,
    }
    asked = [
        "+experiment=digits_smoke",
        "hydra/sweeper=optuna",
        "seed=range(9)",
        "hydra.sweeper.pruner=null",
    ]
    return grid(config, *asked, *words, goal=goal, **changes)


def files(place: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


LAUNCHERS = {
    "a list of objects": "+hydra.launcher.bait=[{_target_: pathlib.Path.touch, self: '{marker}'}]",
    "an object": "+hydra.launcher.bait={_target_: numpy.load, file: x, allow_pickle: true}",
    "a target": "hydra.launcher._target_=os.system",
    "commands": "hydra.launcher.setup=['touch {marker}']",
    "parameters": "hydra.launcher.additional_parameters={wrap: 'touch {marker}'}",
    "a folder": "hydra.launcher.submitit_folder={marker}",
    "a name with a line": "'hydra.launcher.partition=\"a\\n#SBATCH --wrap=x\"'",
    "an option": "hydra.launcher.partition=--wrap=x",
    "an expression": "hydra.launcher.pre_dispatch='__import__(\"os\").abort()'",
    "a variable": "hydra.launcher.partition=${oc.env:HOME}",
    "a cluster": "hydra.launcher.ray.init.address='ray://there'",
    "another launcher": "hydra/launcher=mine",
    "a launcher elsewhere": "hydra/launcher=../../mine",
    "variables of a job": "hydra.job.env_set={PATH: /x}",
    "variables one by one": "+hydra.job.env_set.PATH=/x",
    "a folder of configurations": "hydra.searchpath=[file:///tmp]",
    "the whole node": "hydra={job: {env_set: {PATH: /x}}}",
    "a file put into the node": "+experiment@hydra.job.env_set=mine",
    "callbacks": "+hydra.callbacks.x._target_=os.abort",
    "another sweeper": "hydra/sweeper=mine",
    "a sweeper's target": "hydra.sweeper._target_=os.abort",
    "no override": "hydra/launcher",
}


@pytest.mark.parametrize("word", LAUNCHERS.values(), ids=LAUNCHERS)
def test_an_unsafe_override_of_a_record_is_refused(word):
    name = "submitit_slurm" if "partition" in word else "joblib"
    with pytest.raises(RequestError, match="came from the record"):
        merge_overrides(
            [f"hydra/launcher={name}", word], [], lambda key: key in ("experiment", "model")
        )


@pytest.mark.parametrize("word", one_of(8, list(LAUNCHERS.values())), ids=LAUNCHERS)
@pytest.mark.parametrize("make", [grid, search])
def test_a_record_sets_only_the_launcher_of_hydra(darnax, task, tmp_path, trained, word, make):
    marker = tmp_path / "made"
    slurm = "hydra/launcher=submitit_slurm"
    words = [word.replace("{marker}", str(marker))]
    folder = make(task, *([slurm] if "partition" in word else []), *words)
    before = files(tmp_path)
    result = darnax("sweep", "resume", folder)
    ignored = make is grid and word.startswith(
        "+experiment@"
    )  # words about the configuration of a grid are not used
    assert result.exit_code == (1 if ignored else 2), result.output
    assert "Traceback" not in result.output
    assert not marker.exists()
    if not ignored:
        assert trained == []
        assert files(tmp_path) == before


HARMLESS = {
    "joblib": ["hydra.launcher.n_jobs=4", "hydra.launcher.timeout=3.5"],
    "batched": ["hydra.launcher.lanes=4", "++hydra.launcher.lanes=4"],
    "submitit_slurm": [
        "hydra.launcher.partition=gpu-a100",
        "hydra.launcher.gres='gpu:1'",
        "hydra.launcher.mem_gb=8",
    ],
    "submitit_local": ["hydra.launcher.timeout_min=8", "hydra.launcher.gpus_per_node=null"],
    "ray": ["hydra.launcher.ray.init.num_cpus=2", "hydra.launcher.ray.remote.num_gpus=0.5"],
}


@pytest.mark.parametrize("name", HARMLESS)
def test_numbers_and_names_are_taken_from_a_record(name):
    recorded = ["seed=1,2", f"hydra/launcher={name}", *HARMLESS[name]]
    assert merge_overrides(recorded, []) == recorded
    for word in (
        "hydra.launcher.n_job=4",
        "hydra.launcher.comment=x",
        "hydra.launcher.verbose=[1]",
        "hydra.launcher.nodes={a: 1}",
    ):
        with pytest.raises(RequestError, match="came from the record"):
            merge_overrides([f"hydra/launcher={name}", word], [])


def test_settings_not_taken_from_a_record_are_repeated_on_the_command_line():
    recorded = [
        "seed=1,2",
        "hydra/launcher=submitit_slurm",
        "hydra.launcher.setup=['module load x']",
    ]
    with pytest.raises(RequestError, match="repeat it on the command line if you trust it"):
        merge_overrides(recorded, [])
    assert set(merge_overrides(recorded, [recorded[2]])) == set(recorded)
    assert merge_overrides(recorded, ["hydra/launcher=basic"]) == [
        "seed=1,2",
        "hydra/launcher=basic",
    ]
    with pytest.raises(RequestError, match="would make it another sweep"):
        merge_overrides(recorded, ["hydra.job.env_set={A: b}"])
    looks_up = ["name=${oc.env:LAB}", "seed=1,2"]
    with pytest.raises(RequestError, match="looks something up"):
        merge_overrides(looks_up, [], lambda key: False)
    assert merge_overrides(looks_up, looks_up[:1], lambda key: False) == looks_up
    assert all(word.startswith("hydra") for word in ON_RESUME)


SEARCHED = {
    "a variable": "name=${oc.env:MY_TOKEN}",
    "a variable in a choice": "name=choice(a,${oc.env:MY_TOKEN})",
    "a variable in a list": "tracking.wandb.tags=[${oc.env:MY_TOKEN}]",
    "a file elsewhere": "+debug=../../foreign",
    "a file anywhere": "model=/tmp/foreign",
    "one of several files": "model=chain,../foreign",
    "a file in another place": "+model@data.encode=chain",
    "a sampler that is a function": "hydra.sweeper.sampler._target_=optuna.create_study",
    "a function as an argument of a sampler": (
        "+hydra.sweeper.sampler.gamma={_target_: optuna.storages.JournalStorage}"
    ),
    "a pruner of another package": "hydra.sweeper.pruner={_target_: pathlib.Path}",
    "a parameter": "+hydra.sweeper.params.name='${oc.env:MY_TOKEN}'",
}


@pytest.mark.parametrize("word", one_of(4, list(SEARCHED.values())), ids=SEARCHED)
def test_a_search_composes_no_foreign_files(darnax, task, tmp_path, monkeypatch, trained, word):
    monkeypatch.setenv("MY_TOKEN", "a-secret-word")
    folder = search(task, word)
    before = files(tmp_path)
    result = darnax("sweep", "resume", folder)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert "a-secret-word" not in result.output
    assert trained == []
    assert files(tmp_path) == before


VALUES = {
    "a variable": {"name": "${oc.env:MY_TOKEN}"},
    "a lookup inside a string": {
        "tracking": {
            "console": False,
            "wandb": {"mode": "offline", "project": "a-${oc.env:MY_TOKEN}"},
        }
    },
    "a reference": {"name": "${paths.data}"},
    "an object": {"data": {"_target_": "os.abort"}},
    "a package": {"trust": ["lurking"]},
}


@pytest.mark.parametrize("changes", one_of(2, list(VALUES.values())), ids=VALUES)
def test_a_recorded_point_reads_no_environment_variable(darnax, task, monkeypatch, changes):
    monkeypatch.setenv("MY_TOKEN", "a-secret-word")
    folder = grid(task | changes)
    result = darnax("sweep", "resume", folder)
    assert result.exit_code == 2, result.output
    assert "a-secret-word" not in result.output
    assert not list(folder.glob("*-*/"))


SPOILT = {
    "a string for overrides": {"overrides": "seed=1"},
    "a number among overrides": {"overrides": [1]},
    "no directory": {"directory": None},
    "a number for a directory": {"directory": 3},
    "a list for a file": {"file": []},
    "a string for a command": {"command": "darnax"},
    "a mapping for points": {"points": {}},
    "a number for a point": {"points": [3]},
    "a point without overrides": {"points": [{"config": {}}]},
    "a list for a configuration": {"points": [{"overrides": [], "config": [1]}]},
    "an empty point": {"points": [{"overrides": [], "config": None}]},
    "a number for a refusal": {"points": [{"overrides": [], "config": None, "refusal": 3}]},
    "a list for an objective": {"goal": []},
    "another value": {"goal": {"value": "worst"}},
    "a string for trials": {"goal": {"trials": "many"}},
    "a negative number of trials": {"goal": {"trials": -1}},
    "a string for a pruner": {"goal": {"pruner": "optuna"}},
    "an invalid base": {"base": 3},
    "another key": {"extra": 1},
}


@pytest.mark.parametrize("changes", SPOILT.values(), ids=SPOILT)
def test_a_value_of_another_type_is_named(tmp_path, monkeypatch, task, changes):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RequestError, match=r"sweep\.json: cannot be read \(\w"):
        Record.read(grid(task, **changes))


@pytest.mark.parametrize("changes", one_of(10, list(SPOILT.values())), ids=SPOILT)
@pytest.mark.parametrize("command", ["status", "resume"])
def test_a_record_with_a_value_of_another_type_gives_one_message(darnax, task, changes, command):
    result = darnax("sweep", command, grid(task, **changes))
    assert result.exit_code == 2
    assert "sweep.json: cannot be read (" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 2


TEXTS = {
    "not JSON": "{",
    "a list": "[]",
    "a number": "3",
    "not UTF-8": "\udcff",
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_an_invalid_record_gives_one_message(darnax, task, text):
    folder = grid(task)
    (folder / "sweep.json").write_text(text, errors="surrogateescape")
    result = darnax("sweep", "status", folder)
    assert result.exit_code == 2
    assert "sweep.json: cannot be read (" in result.stderr
    assert len(result.stderr) < 500


NAMES = [*OWN_FILES[:-1], "multirun.yaml", ".submitit", ".points", "2026-01-01_00-00-00-aaaaaa"]


@pytest.mark.parametrize("name", one_of(3, NAMES))
def test_nothing_is_written_through_a_link(darnax, task, tmp_path, trained, name):
    folder = grid(task)
    victim = tmp_path / "victim"
    if name in (".points", ".submitit") or name.startswith("2026"):
        victim.mkdir()
        (victim / "summary.json").write_text('{"status": "interrupted"}')
    else:
        victim.write_bytes((folder / name).read_bytes() if name == "sweep.json" else b"precious")
    place = folder / name
    place.rmdir() if place.is_dir() else place.unlink(missing_ok=True)
    place.symlink_to(victim)
    before = files(tmp_path)
    result = darnax("sweep", "resume", folder)
    assert result.exit_code == 2
    assert f"{name}: is a link" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 2
    assert trained == []
    assert files(tmp_path) == before


def test_no_note_is_written_through_a_link(darnax, task, tmp_path, trained):
    folder = grid(task)
    note = Record.read(folder).note(Record.read(folder).points[0])
    note.symlink_to(tmp_path / "victim")
    assert "is a link" in darnax("sweep", "resume", folder).stderr
    assert not (tmp_path / "victim").exists()
    with pytest.raises(OSError, match=r"."):
        open_inside(folder, f".points/{note.name}", append=True)


@pytest.mark.parametrize("name", ["sweep.json", ".stop", ".search", "study.journal"])
@pytest.mark.parametrize("command", ["status", "resume"])
def test_irregular_files_do_not_block(darnax, task, trained, name, command):
    folder = search(task) if name in (".search", "study.journal") else grid(task)
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    result = darnax("sweep", command, folder)
    assert result.exit_code == (2 if command == "resume" or name == "sweep.json" else 0), (
        result.output
    )
    assert "Traceback" not in result.output


def test_names_contain_no_control_characters(darnax, task):
    word = "seed=\x1b[2J\x07"
    points = [
        {"overrides": [word, f"x={n}"], "config": task | {"seed": n}, "refusal": "\x1b]0;title\x07"}
        for n in (1, 2)
    ]
    folder = grid(task, points=points)
    (folder / ".points").chmod(0o755)
    result = darnax("sweep", "status", folder)
    assert result.exit_code == 0
    assert not [letter for letter in result.output if not letter.isprintable() and letter != "\n"]


WATCHED = """
import os, sys
STARTS = {
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect"
}
seen = []
def hook(event, arguments):
    if event in STARTS:
        seen.append((event, str(arguments[0]) if arguments else ""))
    if event == "open" and isinstance(arguments[0], str):
        seen.append((event, os.path.realpath(arguments[0])))
    if event == "import":
        seen.append((event, str(arguments[0])))
from typer.testing import CliRunner
import darnax.cli.app, darnax.builder, darnax.runner.train, darnax.sweeps.resuming, optuna
from darnax.laboratory import training
training.train = lambda config, **_: None
foreign, *folders = sys.argv[1:]
sys.addaudithook(hook)
for folder in folders:
    result = CliRunner().invoke(darnax.cli.app.app, ["sweep", "resume", folder])
    print("exit", result.exit_code, "waits" if "waiting" in result.output else result.output)
foreign = os.path.realpath(foreign)
for event, what in seen:
    opened = event == "open" and what.startswith(foreign)
    if opened or event not in ("open", "import") or what.startswith("lurking"):
        print(event, what)
"""


def test_the_audit_hook_records_no_foreign_access(task, tmp_path, darnax):
    """The foreign directory, named in the records, has configurations, a module and a pickle."""
    foreign = tmp_path / "foreign"
    (foreign / "configs" / "model").mkdir(parents=True)
    (foreign / "configs" / "model" / "chain.yaml").write_text("name: ${oc.env:HOME}")
    (foreign / "lurking.py").write_text("raise SystemExit")
    np.save(foreign / "bait.npy", np.array([{}], dtype=object), allow_pickle=True)
    override = (
        "+hydra.launcher.bait=[{_target_: numpy.load, file: '"
        + str(foreign / "bait.npy")
        + "', allow_pickle: true}]"
    )
    folders = []
    for number, (make, words) in enumerate([(grid, []), (grid, [override]), (search, [])]):
        folders.append(
            str(make(task, *words, directory=str(foreign)).rename(tmp_path / f"sweep-{number}"))
        )
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(foreign), *folders],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "exit 1 waits", (
        done.stdout + done.stderr
    )  # the points of the grid came as far as to their runs
    assert [line for line in lines if line.startswith("exit")][1:] == [
        "exit 2 Invalid configuration:",
        "exit 2 Invalid data:",
    ]
    assert [
        line for line in lines if line.startswith(("open", "import", "os.", "subprocess", "socket"))
    ] == []
