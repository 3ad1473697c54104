"""JAX's settings are recorded, compared on resume, or refused. Oracle: `jax.config`."""

import os
import subprocess
import sys

import jax
import pytest

from darnax.errors import RequestError
from darnax.runner import jax_settings
from darnax.runner.environment import describe_environment

UNUSABLE = {
    "JAX_PLATFORMS=nowhere": "JAX_PLATFORMS=nowhere",
    "JAX_ENABLE_X64=1": "JAX_ENABLE_X64",
    "JAX_ENABLE_X64=maybe": "JAX_ENABLE_X64",
    "JAX_DEFAULT_PRNG_IMPL=none": "jax_default_prng_impl",
    "JAX_TRANSFER_GUARD=disallow": "JAX_TRANSFER_GUARD",
}
SLOWLY = [pytest.param(each, marks=pytest.mark.slow) for each in list(UNUSABLE)[1:]]


def test_every_setting_is_recorded_as_jax_has_it(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--some=1")
    found = describe_environment(seed=0, command=[])["jax"]
    assert found["jax_threefry_partitionable"] == jax.config.jax_threefry_partitionable
    assert found["jax_default_prng_impl"] == "threefry2x32"
    assert found["XLA_FLAGS"] == "--some=1"
    assert {name for name in jax_settings.RECORDED if hasattr(jax.config, name)} < set(found)


def test_a_difference_is_reported_with_both_values():
    before = jax_settings.read_settings()
    assert list(jax_settings.describe_differences(before)) == []
    with jax.threefry_partitionable(not before["jax_threefry_partitionable"]):
        (difference,) = jax_settings.describe_differences(before)
    assert difference.startswith(
        "jax_threefry_partitionable was True when this run began and is False"
    )
    for record in (None, "text", [], {"jax_of_the_future": 1}):
        assert list(jax_settings.describe_differences(record)) == []


@pytest.mark.parametrize("name", jax_settings.UNUSABLE)
def test_a_setting_under_which_nothing_can_run_is_refused_by_its_name(name, monkeypatch):
    jax_settings.require_usable()
    monkeypatch.setattr(jax_settings, "UNUSABLE", {name: (getattr(jax.config, name),)})
    with pytest.raises(RequestError, match=name.upper()):
        jax_settings.require_usable()


@pytest.mark.slow
@pytest.mark.parametrize("setting", [next(iter(UNUSABLE)), *SLOWLY])
def test_the_command_names_the_variable(tmp_path, setting):
    name, _, value = setting.partition("=")
    command = [sys.executable, "-m", "darnax.cli.app", "train", "+experiment=associations"]
    environment = {**os.environ, name: value}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert UNUSABLE[setting] in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_empty_chunk_causes_no_division_by_zero(tmp_path):
    """Oracle: `jax_debug_nans`, which raises at the first NaN."""
    from darnax.builder import build
    from darnax.composing.composer import compose
    from darnax.runner.run_folder import RunFolder
    from darnax.runner.run_session import RunSession
    from darnax.runner.train import train
    from darnax.tracking import Noop

    config = compose(
        [
            "+experiment=associations",
            "model.features=20",
            "data.source.inputs=20",
            "runner.epochs=1",
        ]
    )
    experiment = build(config)
    folder = RunFolder.create(tmp_path, "nans", config, [], command=[])
    with jax.debug_nans(True):
        (summary,) = train(
            [RunSession(experiment, folder, lambda _: Noop())], experiment.data.source.open()
        )
    assert summary["status"] == "finished"
