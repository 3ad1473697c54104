"""One composer for many compositions. Oracle: Hydra's loader, created for each of them."""

from pathlib import Path

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.types import RunMode
from omegaconf import OmegaConf

from darnax.composing.composer import Composer, compose, normalise_overrides

CHAIN = "+experiment=mnist_chain"
POINTS = [
    [CHAIN, "seed=1"],
    [CHAIN, "seed=2", "model.depth=3", "optimizer.default.learning_rate=0.5"],
    [CHAIN, "seed=3", "model.layers.hidden={j_d: 0.3}", "~optimizer.groups"],
    [CHAIN, "seed=1", "optimizer=corrected"],
    [CHAIN, "+data.extra=[1, 2]", "hydra.job.name=other"],
    ["+experiment=mnist_sparse", "data=fashion_mnist", "hydra/launcher=joblib"],
    [CHAIN, "hydra.searchpath=[file://more]", "data=only_here"],
    [CHAIN, "model={depth: 3}", "model.depth=4", "++name=other"],
]


@pytest.mark.filterwarnings(r"ignore:\s*'hydra/launcher/:UserWarning")
def test_many_compositions_equal_separate_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "more/data").mkdir(parents=True)
    (tmp_path / "more/data/only_here.yaml").write_text("name: only_here\n")
    composer = Composer()
    for overrides in [*POINTS, *POINTS[:2]]:
        words = normalise_overrides(overrides)
        alone = ConfigLoaderImpl(composer.get_search_path()).load_configuration(
            "config", words, RunMode.RUN, from_shell=False
        )
        expected = OmegaConf.to_yaml(alone)
        assert OmegaConf.to_yaml(composer.compose_once(words, RunMode.RUN)) == expected
        assert OmegaConf.to_yaml(composer.compose_point_once(words)) == expected


def test_points_that_differ_in_values_read_the_defaults_lists_once(monkeypatch):
    composer = Composer()
    calls = []
    read = composer.compose_once

    def load(*words):
        calls.append(words)
        return read(*words)

    monkeypatch.setattr(composer, "compose_once", load)
    for model in ("chain", "single"):
        for seed in range(3):
            composed = composer.compose_point([], [CHAIN, f"model={model}", f"seed={seed}"])
            assert composed.resolved["seed"] == seed
    assert len(calls) == 2


def test_a_file_that_changes_is_read_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs" / "experiment").mkdir(parents=True)
    file = tmp_path / "configs" / "experiment" / "mine.yaml"
    for name in ("first", "second"):
        file.write_text(f"# @package _global_\nname: {name}\n")
        for _ in range(2):
            assert compose(["+experiment=mine"])["name"] == name
