"""Settings of Hydra have an effect or are refused. Oracle: Hydra's own list of its settings."""

from dataclasses import fields

import pytest
from hydra.conf import HydraConf
from hydra.types import RunMode

from darnax.composing.composer import Composer, normalise_overrides
from darnax.composing.hydra_settings import INSTEAD, require_effective, require_unchanged
from darnax.errors import RequestError

OURS = {"launcher", "sweeper", "searchpath"}
NODES = sorted({field.name for field in fields(HydraConf)} - OURS)


@pytest.mark.parametrize("multirun", [False, True])
@pytest.mark.parametrize(
    "spelling",
    [
        "hydra.{}=x",
        "+hydra.{}.deep=x",
        "~hydra.{}",
        "hydra/{}=x",
        "++hydra.{}={{a: 1}}",
        "hydra={{{}: x}}",
    ],
)
def test_settings_without_effect_are_refused(multirun, spelling):
    words = [spelling.format(node) for node in NODES]
    with pytest.raises(RequestError) as caught:
        require_effective(["seed=1", *words], multirun=multirun)
    assert [problem.where for problem in caught.value.problems] == words


@pytest.mark.parametrize(
    "word",
    [
        "hydra/launcher=joblib",
        "hydra.launcher.n_jobs=2",
        "hydra/sweeper=optuna",
        "+hydra.sweeper.params.seed=1",
    ],
)
def test_a_launcher_and_a_sweeper_need_a_sweep(word):
    require_effective([word], multirun=True)
    with pytest.raises(RequestError, match="start one with -m"):
        require_effective([word], multirun=False)


def test_a_search_path_has_an_effect_where_files_are_chosen():
    require_effective(["hydra.searchpath=[file://more]"], multirun=False)
    with pytest.raises(RequestError, match="without other files"):
        require_effective(["hydra.searchpath=[file://more]"], multirun=True, saved=True)


def test_overrides_of_other_keys_are_left_unchanged():
    require_effective(
        ["seed=1", "hydrant=1", "+model.hydra.run=1", "not an override", "'"], multirun=False
    )


@pytest.mark.parametrize("mode", list(RunMode))
def test_the_table_of_defaults_is_that_of_the_installed_hydra(mode):
    require_unchanged(Composer().compose(normalise_overrides([]), mode))


@pytest.mark.parametrize(
    ("setting", "node"),
    [
        ("run.dir", "run: {dir: here}"),
        ("sweep.dir", "sweep: {dir: here}"),
        ("sweep.subdir", "sweep: {subdir: here}"),
        ("verbose", "verbose: true"),
        ("job.env_set", "job: {env_set: {PATH: here}}"),
        ("job.name", "job: {name: mine}"),
        ("callbacks", "callbacks: {mine: {_target_: os.system}}"),
    ],
)
def test_a_file_with_a_setting_without_effect_is_refused(lab, setting, node):
    lab.write({"configs/experiment/mine.yaml": f"# @package _global_\nhydra: {{{node}}}"})
    result = lab("train", "+experiment=mine")
    assert result.exit_code == 2
    assert f"hydra.{setting}: is set to" in result.stderr
    assert lab.calls == []


@pytest.mark.parametrize("many", [[], ["-m"]])
@pytest.mark.parametrize("word", [f"{key}=x" for key in INSTEAD if key != "hydra.searchpath"])
def test_the_error_message_names_the_alternative(lab, word, many):
    result = lab("train", word, *many)
    assert result.exit_code == 2
    assert f"{word}: would have no effect; {INSTEAD[word[:-2]]}" in result.stderr
    assert lab.left() == []
