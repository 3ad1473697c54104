"""`darnax train` through the command line, with a fake runner. Oracle: the overrides."""

import itertools
from pathlib import Path

import pytest
from omegaconf import OmegaConf


def test_an_experiment_is_composed_into_plain_containers(lab):
    result = lab("train", "+experiment=second", "seed=-1")
    assert result.exit_code == 0, result.output
    assert lab.configs == [
        {
            "model": {"depth": 1, "width": 9, "layers": {"hidden": {"j_d": 0.5}}},
            "paths": {"outputs": "outputs", "data": "~/sets"},
            "name": "second",
            "seed": -1,
            "runner": {"epochs": 2},
        }
    ]
    assert lab.calls[0]["overrides"] == ["+experiment=second", "seed=-1"]
    assert lab.calls[0]["sweep"] is None
    assert lab.left() == []


@pytest.mark.parametrize("spelling", ["+experiment=first", "experiment=first"])
def test_an_experiment_needs_no_plus(lab, spelling):
    assert lab("train", spelling).exit_code == 0
    assert lab.configs[0]["name"] == "first"


@pytest.mark.parametrize(
    "words", list(itertools.permutations(["+experiment=first", "-m", "seed=1,2"])), ids=" ".join
)
def test_options_and_overrides_come_in_any_order(lab, words):
    result = lab("train", *words)
    assert result.exit_code == 0, result.output
    assert [(c["name"], c["seed"]) for c in lab.configs] == [("first", 1), ("first", 2)]


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("model.depth=-1", "model.depth", -1),
        ("+model.extra=b", "model.extra", "b"),
        ("++model.depth=7", "model.depth", 7),
        ("~model.depth", "model.depth", None),
        ("name=[1,2]", "name", [1, 2]),
        ("model.layers.hidden={j_d: 0.9}", "model.layers.hidden.j_d", 0.9),
        ("name='a b'", "name", "a b"),
        ("seed=${runner.epochs}", "seed", 2),
        ("name=${hydra:runtime.choices.model}", "name", "chain"),
        ("debug=quick", "runner.epochs", 1),
    ],
)
def test_the_whole_grammar_of_overrides(lab, override, path, value):
    result = lab("train", override)
    assert result.exit_code == 0, result.output
    assert OmegaConf.select(OmegaConf.create(lab.configs[0]), path) == value


def test_user_configurations_take_precedence(lab):
    mine = "# @package _global_\n# Mine\nname: mine"
    lab.write({"configs/model/chain.yaml": "depth: 44", "configs/experiment/mine.yaml": mine})
    assert lab("train", "+experiment=mine").exit_code == 0
    assert lab.configs[0]["model"] == {"depth": 44}
    assert lab.configs[0]["name"] == "mine"
    assert lab("train", "model=wide").exit_code == 0


def test_cfg_prints_the_configuration_and_creates_nothing(lab):
    result = lab("train", "+experiment=first", "--cfg", "job", "seed=3")
    assert result.exit_code == 0
    assert OmegaConf.create(result.stdout) == {
        "model": {"depth": 1, "layers": {"hidden": {"j_d": 0.5}}},
        "paths": {"outputs": "outputs", "data": "~/sets"},
        "name": "first",
        "seed": 3,
        "runner": {"epochs": 2},
    }
    assert lab.calls == []
    assert lab.left() == []


def test_a_resolved_configuration_runs_again(lab):
    text = lab("train", "+experiment=second", "--cfg", "job", "seed=3").stdout
    lab.write({"outputs/second/one/config.yaml": text, "configs/config.yaml": "name: not this one"})
    assert lab("train", "--config", "outputs/second/one/config.yaml").exit_code == 0
    assert lab.configs[0] == OmegaConf.create(text)
    changed = lab(
        "train",
        "seed=8,9",
        "-m",
        "--config",
        "outputs/second/one/config.yaml",
        "runner.epochs=1",
        "~model.width",
    )
    assert changed.exit_code == 0, changed.output
    assert [(c["seed"], c["runner"]["epochs"], "width" in c["model"]) for c in lab.configs[1:]] == [
        (8, 1, False),
        (9, 1, False),
    ]


def test_resume_takes_no_overrides(lab):
    Path("outputs/first/one").mkdir(parents=True)
    assert lab("train", "--resume", "outputs/first/one").exit_code == 0
    assert str(lab.calls[0]["resume"]) == "outputs/first/one"
    assert lab("train", "--resume", "outputs/first/one", "runner.epochs=20").exit_code == 0
    assert lab.calls.pop()["longer"] == "runner.epochs=20"
    refused = lab("train", "--resume", "outputs/first/one", "seed=3")
    assert refused.exit_code == 2
    assert "leave out everything else" in refused.stderr
    assert len(lab.calls) == 1
