"""`darnax sweep status` and `resume`. Oracle: the overrides, and the calls of a fake runner."""

import fcntl
import json
import os
import signal
import threading
from pathlib import Path

import pytest
from sampling import one_of

from darnax.locks import file_lock
from darnax.sweeps import workers
from darnax.sweeps.record import Record
from darnax.sweeps.recorded_overrides import replace_launcher
from darnax.sweeps.running import Sweep
from darnax.sweeps.survey import survey

BASIC = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
JOBLIB = (Path(__file__).parents[2] / "configs" / "hydra" / "launcher" / "joblib.yaml").read_text()


def statuses(lab, sweep):
    return [row[1] for row in lab.table(lab("sweep", "status", str(sweep)))]


def test_only_unfinished_points_run(lab, sweep):
    assert statuses(lab, sweep) == ["finished", "finished", "waiting", "waiting"]
    resumed = lab("sweep", "resume", str(sweep))
    assert resumed.exit_code == 0, resumed.output
    assert [c["seed"] for c in lab.configs] == [3, 4]
    assert [row[:3] for row in lab.table(resumed)] == [
        [f"seed={n}", "finished", f"{n * 10:.2f}%"] for n in (1, 2, 3, 4)
    ]
    assert {call["sweep"] for call in lab.calls} == {sweep}
    again = lab("sweep", "resume", str(sweep))
    assert again.exit_code == 0
    assert len(lab.calls) == 2


def test_a_signal_stops_the_running_point_and_the_following_ones(lab):
    """A running point is shown with the last value that it logged."""
    logged = (
        '{"epoch": 0.5, "eval/accuracy": 0.7}\n'
        '{"epoch": 1.0, "eval/accuracy": 0.6}\n'
        '{"epoch": 1.5}\n'
    )
    seen = []

    def fail(config):
        if config["seed"] == 2 and not seen:
            (sweep,) = lab.place.glob("outputs/*/sweeps/*")
            words = json.dumps(["+experiment=first", "seed=2"])
            files = {
                "config.yaml": json.dumps(config),
                "overrides.yaml": words,
                "summary.json": '{"status": "running"}',
                "metrics.jsonl": logged,
            }
            lab.write({f"{sweep}/run-2/{name}": text for name, text in files.items()})
            seen.append(survey(Record.read(sweep))[1])
            os.kill(os.getpid(), signal.SIGINT)

    lab.fail = fail
    stopped = lab("train", "-m", "+experiment=first", "seed=1,2,3")
    assert stopped.exit_code == 130, stopped.output
    assert [(state.status, state.value, state.epochs) for state in seen] == [("running", 0.6, 1.5)]
    sweep = lab.calls[0]["sweep"]
    assert f"darnax sweep resume {sweep}" in " ".join(stopped.output.split())
    assert statuses(lab, sweep) == ["finished", "interrupted", "waiting"]
    assert lab("sweep", "resume", str(sweep)).exit_code == 0
    assert statuses(lab, sweep) == ["finished"] * 3


def test_an_interrupted_run_is_resumed_and_one_killed_at_its_start_is_replaced(lab, sweep):
    stillborn = sweep / "2026-01-01_00-00-00-a1b2c3"
    (stillborn / "checkpoints").mkdir(parents=True)
    config = Record.read(sweep).points[2].config
    (stillborn / "config.yaml").write_text(json.dumps(config))
    (stillborn / "composed.yaml").write_text("seed: 3")
    (sweep / "run-2" / "summary.json").write_text(json.dumps({"status": "running"}))
    assert statuses(lab, sweep) == ["finished", "interrupted", "waiting", "waiting"]
    assert lab("sweep", "resume", str(sweep)).exit_code == 0
    assert lab.calls[0] == {"resume": sweep / "run-2"}
    assert [call["config"]["seed"] for call in lab.calls[1:]] == [3, 4]
    assert not stillborn.exists()


NEW_RUN = "2026-01-01_00-00-00-a1b2c3"
POINT_3 = json.dumps(["+experiment=first", "seed=3"])
FOREIGN_FOLDERS = {
    "notes": {"my-notes/plan.txt": "precious"},
    "an empty folder": {"my-empty/": ""},
    "an empty folder with the name of a run": {f"{NEW_RUN}/": ""},
    "an empty run of no point": {f"{NEW_RUN}/checkpoints/": ""},
    "a configuration of no point": {f"{NEW_RUN}/config.yaml": "seed: 3"},
    "a folder that looks like a run": {f"{NEW_RUN}/plan.txt": "precious"},
    "a run of another sweep": {
        f"{NEW_RUN}/overrides.yaml": '["seed=9"]',
        f"{NEW_RUN}/config.yaml": "seed: 9",
    },
    "a run that has logged something": {
        f"{NEW_RUN}/overrides.yaml": POINT_3,
        f"{NEW_RUN}/train.log": "a line",
    },
    "a run with metrics": {f"{NEW_RUN}/overrides.yaml": POINT_3, f"{NEW_RUN}/metrics.jsonl": "{}"},
    "checkpoints of no point": {f"{NEW_RUN}/checkpoints/step-1/x.safetensors": "weights"},
}


@pytest.mark.parametrize("case", one_of(5, list(FOREIGN_FOLDERS)))
def test_folders_of_other_origin_are_reported_and_kept(lab, sweep, case):
    files = FOREIGN_FOLDERS[case]
    for name, text in files.items():
        (sweep / name).parent.mkdir(parents=True, exist_ok=True)
        (sweep / name).mkdir() if name.endswith("/") else (sweep / name).write_text(text)
    result = lab("sweep", "resume", str(sweep))
    assert result.exit_code == 0, result.output
    assert (
        f"{next(iter(files)).partition('/')[0]} is not a run of this sweep; it is left as it is"
        in result.stderr
    )
    assert all((sweep / name).exists() for name in files)


def test_a_run_without_summary_is_kept_with_its_checkpoints(lab, sweep):
    (sweep / "run-2" / "summary.json").unlink()
    (sweep / "run-2" / "checkpoints" / "step-1").mkdir(parents=True)
    result = lab("sweep", "resume", str(sweep))
    assert result.exit_code == 2
    assert "run-2: has checkpoints, but no summary.json" in result.stderr
    assert lab.calls == []
    assert (sweep / "run-2" / "checkpoints" / "step-1").is_dir()
    (sweep / "run-2" / "summary.json").write_text(
        '{"status": "interrupted"}'
    )  # the text of the message
    assert lab("sweep", "resume", str(sweep)).exit_code == 0
    assert lab.calls[0] == {"resume": sweep / "run-2"}


def test_a_run_with_another_configuration_than_the_record_is_not_resumed(lab, sweep):
    (sweep / "run-2" / "summary.json").write_text('{"status": "interrupted"}')
    config = json.loads((sweep / "run-2" / "config.yaml").read_text()) | {"seed": 77}
    (sweep / "run-2" / "config.yaml").write_text(json.dumps(config))
    result = lab("sweep", "resume", str(sweep))
    assert result.exit_code == 1
    assert "sweep.json has for this point" in result.stdout
    assert "seed: was 2, is 77" in result.stdout
    assert [c["seed"] for c in lab.configs] == [3, 4]


def test_a_failed_point_is_retried_once_and_then_only_on_request(lab, sweep):
    def fail(config):
        if config["seed"] == 4:
            raise RuntimeError("no memory left")

    lab.fail = fail
    for tried in ([3, 4], [3, 4, 4], [3, 4, 4]):
        result = lab("sweep", "resume", str(sweep))
        assert result.exit_code == 1
        assert [c["seed"] for c in lab.configs] == tried
        assert lab.table(result)[-1] == ["seed=4", "failed", "RuntimeError: no memory left"]
    assert f"darnax sweep resume {sweep} --retry-failed" in result.stdout
    lab.fail = lambda config: None
    assert lab("sweep", "resume", str(sweep), "--retry-failed").exit_code == 0
    assert statuses(lab, sweep) == ["finished"] * 4


def test_a_retry_that_was_killed_is_resumed(lab, sweep):
    def fail(config):
        raise RuntimeError("no memory left")

    lab.fail = fail
    lab("sweep", "resume", str(sweep))
    lab.kill_at(3)
    lab("sweep", "resume", str(sweep))
    assert statuses(lab, sweep)[2:] == ["waiting", "failed"]
    lab.fail = lambda config: None
    assert lab("sweep", "resume", str(sweep)).exit_code == 0
    assert statuses(lab, sweep) == ["finished"] * 4


def test_only_the_launcher_may_change_on_resume(lab, sweep):
    result = lab("sweep", "resume", str(sweep), "seed=7,8")
    assert result.exit_code == 2
    assert "seed=7,8: would make it another sweep" in result.stderr
    assert lab("sweep", "resume", str(sweep), "hydra/launcher=nobody").exit_code == 2
    assert lab.calls == []
    assert lab("sweep", "resume", str(sweep), "hydra/launcher=basic").exit_code == 0
    assert Record.read(sweep).overrides == [
        "+experiment=first",
        "seed=1,2,3,4",
        "hydra/launcher=basic",
    ]


def test_the_number_of_trials_is_refused_for_a_grid(lab, sweep):
    result = lab("sweep", "resume", str(sweep), "hydra.sweeper.n_trials=9")
    assert result.exit_code == 2
    assert "hydra.sweeper.n_trials=9: has no effect on a grid" in result.stderr


def test_settings_of_a_launcher_are_dropped_with_the_launcher():
    joblib = ["seed=1,2", "hydra/launcher=joblib", "hydra.launcher.n_jobs=4"]
    assert replace_launcher(joblib, ["hydra/launcher=basic"]) == [
        "seed=1,2",
        "hydra/launcher=basic",
    ]
    assert replace_launcher(joblib, ["hydra.launcher.n_jobs=8"]) == [
        "seed=1,2",
        "hydra/launcher=joblib",
        "hydra.launcher.n_jobs=8",
    ]


def test_a_grid_is_resumed_from_its_record_without_its_files(lab, sweep):
    changed = "depth: 1\nlayers: {hidden: {j_d: 0.7}}\nextra: 1"
    lab.write_packaged({"model/chain.yaml": changed})
    assert lab("sweep", "resume", str(sweep)).exit_code == 0
    assert [c["model"] for c in lab.configs] == [
        {"depth": 1, "layers": {"hidden": {"j_d": 0.5}}}
    ] * 2


def test_a_launcher_that_a_file_has_chosen_is_recorded(lab, monkeypatch):
    monkeypatch.setattr(Sweep, "run", lambda self: self.record.write() or [])
    text = "# @package _global_\ndefaults: [{override /hydra/launcher: joblib}]\n"
    lab.write(
        {
            "configs/sweep/mine.yaml": text
            + "hydra: {launcher: {n_jobs: 2}, sweeper: {params: {seed: '4,5'}}}"
        }
    )
    lab.write({"configs/hydra/launcher/joblib.yaml": JOBLIB})
    assert lab("train", "-m", "sweep=mine").exit_code == 0
    (folder,) = lab.place.glob("outputs/*/sweeps/*")
    assert Record.read(folder).overrides == [
        "sweep=mine",
        "hydra/launcher=joblib",
        "++hydra.launcher.n_jobs=2",
    ]
    lab.write({"configs/hydra/launcher/batched.yaml": f"_target_: {BASIC}\nlanes: 8"})
    lab.write(
        {
            "configs/sweep/mine.yaml": text.replace("joblib", "batched")
            + "hydra: {launcher: {lanes: 2}}"
        }
    )
    assert lab("train", "-m", "sweep=mine", "name=other").exit_code == 0
    (folder,) = lab.place.glob("outputs/other/sweeps/*")
    assert Record.read(folder).overrides == [
        "sweep=mine",
        "name=other",
        "hydra/launcher=batched",
        "++hydra.launcher.lanes=2",
    ]


def test_a_point_of_another_process_is_not_started(lab, sweep, monkeypatch):
    monkeypatch.setattr(workers, "PATIENCE", 0.1)
    record = Record.read(sweep)
    with file_lock(record.note(record.points[2])) as mine:
        assert mine
        assert statuses(lab, sweep)[2] == "running"
        assert lab("sweep", "resume", str(sweep)).exit_code == 1
    assert [c["seed"] for c in lab.configs] == [4]


def test_reading_the_status_does_not_block_a_point(lab, sweep, monkeypatch):
    monkeypatch.setattr(workers, "PATIENCE", 0.0)
    record = Record.read(sweep)
    with record.note(record.points[2]).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        look_away = threading.Timer(1.0, fcntl.flock, (file, fcntl.LOCK_UN))
        look_away.start()
        assert lab("sweep", "resume", str(sweep)).exit_code == 0
        look_away.join()
    assert [c["seed"] for c in lab.configs] == [3, 4]


def test_a_grid_is_resumed_from_any_directory(lab, monkeypatch, tmp_path):
    lab.write({"configs/model/mine.yaml": "depth: 44"})
    lab.kill_at(2)
    lab("train", "-m", "model=mine", "seed=1,2")
    folder = lab.calls[0]["sweep"]
    lab.fail = lambda config: None
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert lab("sweep", "resume", f"../{folder.relative_to(lab.place.parent)}").exit_code == 0
    assert lab.configs[-1]["model"] == {"depth": 44}
    assert Path.cwd() == tmp_path / "elsewhere"


def test_a_relative_data_folder_refers_to_the_directory_of_the_start(lab, monkeypatch, tmp_path):
    lab.kill_at(2)
    lab("train", "-m", "paths.data=sets", "seed=1,2")
    (folder,) = lab.place.glob("outputs/*/sweeps/*")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    result = lab("sweep", "resume", str(folder))
    assert result.exit_code == 2
    assert (
        f"paths.data: got sets, relative to the directory of the start; go there: cd {lab.place}"
        in result.stderr
    )


@pytest.mark.parametrize("derivations", [3, {"seed": "name"}, {"seed": ["${name}"]}])
def test_a_record_with_impossible_values_is_refused(lab, sweep, derivations):
    record = json.loads((sweep / "sweep.json").read_text())
    record["points"][3]["composed"]["computed_from"] = derivations
    (sweep / "sweep.json").write_text(json.dumps(record))
    result = lab("sweep", "resume", str(sweep))
    assert result.exit_code == 2
    assert lab.calls == []


def test_a_folder_that_is_not_a_sweep_is_refused(lab):
    assert lab("sweep", "status", str(lab.place)).exit_code == 2
    lab.write({"broken/sweep.json": '{"overrides"'})
    result = lab("sweep", "resume", "broken")
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr
