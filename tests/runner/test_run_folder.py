"""The run folder. Oracle: its documented files, read without darnax."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import pytest
import yaml
from omegaconf import OmegaConf

from darnax.errors import RequestError
from darnax.runner.environment import describe_environment
from darnax.runner.run_folder import RunFolder

CONFIG = {
    "seed": 7,
    "model": {"depth": 2, "label": "1e3"},
    "optimizer": {"rate": 1e-05, "decay": None},
}


def create(outputs: Path) -> RunFolder:
    return RunFolder.create(
        outputs, "mnist_chain", CONFIG, ["seed=7"], command=["darnax", "train", "a=b c"]
    )


def test_the_run_folder_is_self_contained(tmp_path: Path) -> None:
    folder = create(tmp_path)
    assert folder.path.parent == tmp_path / "mnist_chain"
    assert sorted(path.name for path in folder.path.iterdir()) == [
        "checkpoints",
        "config.yaml",
        "environment.json",
        "overrides.yaml",
        "summary.json",
        "train.log",
    ]
    assert OmegaConf.to_container(OmegaConf.load(folder.path / "config.yaml")) == CONFIG
    assert OmegaConf.to_container(OmegaConf.load(folder.path / "overrides.yaml")) == ["seed=7"]
    assert json.loads((folder.path / "summary.json").read_text())["status"] == "running"
    environment = json.loads((folder.path / "environment.json").read_text())
    assert environment["command"] == "darnax train 'a=b c'"
    assert environment["seed"] == 7
    assert environment["versions"]["jax"] == jax.__version__
    assert environment["device"]["count"] == jax.device_count()


def test_references_are_kept_beside_the_resolved_values(tmp_path):
    tree = {"depth": 2, "size": ["${depth}"], "text": "${depth} layers"}
    config = {"depth": 2, "size": [2], "text": "2 layers"}
    folder = RunFolder.create(tmp_path, "chain", config, [], composed=tree, command=["darnax"])
    assert yaml.safe_load((folder.path / "composed.yaml").read_text()) == tree
    assert folder.config() == yaml.safe_load((folder.path / "config.yaml").read_text()) == config


def test_runs_of_the_same_second_never_share_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.strftime", lambda _: "2026-01-01_00-00-00")
    ids = iter(["aaaaaa", "aaaaaa", "aaaaaa", "bbbbbb", "cccccc"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(ids))
    with ThreadPoolExecutor() as pool:
        names = {folder.name for folder in pool.map(lambda _: create(tmp_path), range(3))}
    assert names == {f"2026-01-01_00-00-00-{6 * letter}" for letter in "abc"}


def test_the_summary_keeps_other_entries(tmp_path: Path) -> None:
    folder = create(tmp_path)
    folder.write_summary(metrics={"eval/accuracy": float("nan")}, steps=10)
    folder.write_summary(status="finished", best={"eval/accuracy": 0.5})
    expected = {
        "status": "finished",
        "metrics": {"eval/accuracy": None},
        "best": {"eval/accuracy": 0.5},
        "steps": 10,
    }
    assert (
        json.loads((folder.path / "summary.json").read_text())
        == expected
        == RunFolder.open(folder.path).summary()
    )
    with pytest.raises(ValueError, match="'done', expected one of running"):
        folder.write_summary(status="done")


def test_a_summary_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = create(tmp_path)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        folder.write_summary(status="failed")
    assert folder.summary()["status"] == "running"


def test_open_returns_the_created_folder(tmp_path: Path) -> None:
    folder = create(tmp_path)
    assert RunFolder.open(folder.path) == folder
    assert RunFolder.open(folder.path).config() == CONFIG


@pytest.mark.parametrize("content", ["{a: [", "- 1\n", "42\n", ""])
def test_a_damaged_config_raises_a_request_error(tmp_path: Path, content: str) -> None:
    folder = create(tmp_path)
    (folder.path / "config.yaml").write_text(content)
    with pytest.raises(RequestError, match=r"config\.yaml: cannot be read"):
        RunFolder.open(folder.path)


@pytest.mark.parametrize("content", [None, "", '{"status": "runn', "[1]", "\x00\x00"])
def test_a_damaged_summary_raises_a_request_error(tmp_path: Path, content: str | None) -> None:
    folder = create(tmp_path)
    path = folder.path / "summary.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(RequestError, match=r"summary\.json: cannot be read"):
        RunFolder.open(folder.path)


def test_a_folder_that_is_not_a_run_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(RequestError, match="not the folder of a run"):
            RunFolder.open(path)


def test_outputs_that_cannot_hold_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("a file")
    with pytest.raises(RequestError, match=r"paths\.outputs: no run folder can be made"):
        create(tmp_path / "outputs")


def test_the_commit_is_that_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert describe_environment(seed=0, command=[])["git"] is None

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        return subprocess.run(
            ("git", *who, *arguments), check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-m", "a")
    assert describe_environment(seed=0, command=[])["git"] == {
        "commit": git("rev-parse", "HEAD"),
        "dirty": False,
    }
    (tmp_path / "a").write_text("2")
    assert describe_environment(seed=0, command=[])["git"] == {
        "commit": git("rev-parse", "HEAD"),
        "dirty": True,
    }
