"""The command `darnax`: imports, working directories, and the list of experiments."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import darnax

HEAVY = {
    "jax",
    "numpy",
    "wandb",
    "tensorflow_datasets",
    "hydra",
    "omegaconf",
    "equinox",
    "optax",
    "cv2",
    "grain",
}
ROOT = str(Path(darnax.__file__).parents[1])


def darnax_alone(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys\nfrom darnax.cli.app import main\n"
        "try:\n    main()\nfinally:\n"
        "    loaded = {m.partition('.')[0] for m in sys.modules}\n"
        "    print('loaded:', *loaded, file=sys.stderr)"
    )
    env = {**os.environ, "PYTHONPATH": ROOT, **environment}
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["train", "--help"], ["list"], ["data", "--help"]],
    ids=" ".join,
)
def test_commands_without_a_network_load_no_heavy_library(tmp_path, words):
    result = darnax_alone(*words, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    loaded = set(result.stderr.rpartition("loaded:")[2].split())
    assert "typer" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.parametrize(
    "words",
    [
        ["runs", "--metric", "loss"],
        ["compare", "outputs", "--metric", "loss"],
        ["diff", "aaaaaa", "bbbbbb"],
    ],
    ids=lambda words: words[0],
)
def test_commands_that_read_runs_load_no_heavy_library(tmp_path, words):
    for name, seed in (("2026-01-02_10-00-00-aaaaaa", 1), ("2026-01-02_10-00-01-bbbbbb", 2)):
        folder = tmp_path / "outputs" / "chain" / name
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(f"name: chain\nseed: {seed}\n")
        summary = {"status": "finished", "metrics": {"loss": seed / 10}}
        (folder / "summary.json").write_text(json.dumps(summary))
    result = darnax_alone(*words, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "0." in result.stdout
    assert set(result.stderr.rpartition("loaded:")[2].split()) & HEAVY == set()


def test_version(lab):
    assert lab("--version").stdout == f"darnax {darnax.__version__}\n"


def test_every_command_has_an_example(lab):
    for words in (
        ["train"],
        ["eval"],
        ["list"],
        ["data", "list"],
        ["data", "show"],
        ["data", "prepare"],
    ):
        below_usage = lab(*words, "--help").stdout.partition("Usage:")[2].partition("\n")[2]
        assert f" darnax {' '.join(words)}" in below_usage, words


def test_the_list_shows_all_experiments_and_those_of_the_user_first(lab):
    mine = "# @package _global_\n\n# My own first\n"
    lab.write({"configs/experiment/first.yaml": mine, "configs/experiment/a/b.yaml": "x: 1"})
    lines = lab("list").stdout.splitlines()
    assert lines[0].split() == ["experiment", "description"]
    assert [line.split(maxsplit=1) for line in lines[1:]] == [
        ["a/b"],
        ["broken", "Not YAML"],
        ["dangling", "An unknown key"],
        ["first", "My own first"],
        ["orphan", "A missing file"],
        ["second", "The second experiment"],
        ["truth", "A key that YAML reads as true"],
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("darnax train +exp", "+experiment=mine"),
        ("darnax train +experiment = mi", "mine"),
        ("darnax train +experiment =", "mine"),
    ],
)
def test_the_shell_completes_experiments(tmp_path, line, expected):
    (tmp_path / "configs" / "experiment").mkdir(parents=True)
    (tmp_path / "configs" / "experiment" / "mine.yaml").touch()
    word = str(len(line.split()) - 1)
    result = darnax_alone(
        cwd=tmp_path, _DARNAX_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=word
    )
    assert expected in result.stdout.split()


def test_the_shipped_default_composes_in_any_directory(tmp_path):
    result = darnax_alone("train", "--cfg", "job", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "name: run" in result.stdout
    assert list(tmp_path.iterdir()) == []
