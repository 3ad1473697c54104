"""A user's data source that fails is refused, and leaves nothing behind.

Oracle: exit code 2, the source's name and its exception in the message, and an empty folder.
"""

import json
from pathlib import Path

import pytest
from test_splits import SMALL
from typer.testing import CliRunner

import darnax
from darnax.cli.app import app

RAISED = ["ValueError", "KeyError", "OSError", "AssertionError", "RuntimeError", "StopIteration"]


def source(**arguments: str) -> list[str]:
    node = {"_target_": "synthetic_sources.Failing", **arguments}
    return [*SMALL, f"data.source={json.dumps(node).replace(chr(34), '')}"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def invoke(*words: str) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["train", *words])
    return result.exit_code, result.output


@pytest.mark.parametrize("name", RAISED)
def test_an_exception_of_a_source_is_reported_as_a_refused_request(folder, name):
    code, output = invoke(*source(raises=name))
    assert code == 2, output
    assert f"data.source: Failing.open raised {name}: " in output
    assert "no file beside me" in output
    assert "synthetic_sources.py, line" in output
    assert "Traceback" not in output
    with pytest.raises(darnax.RequestError, match=f"Failing.open raised {name}") as refusal:
        darnax.train(*source(raises=name))
    assert type(refusal.value.__cause__).__name__ == name  # for who looks for the mistake
    assert not list(folder.iterdir())


def test_a_result_that_is_not_a_dataset_is_reported(folder):
    code, output = invoke(*source())
    assert code == 2, output
    assert "data.source: Failing.open returned a list, expected a darnax.data.Dataset" in output
    assert not list(folder.iterdir())


def test_a_sweep_over_failing_sources_leaves_nothing_behind(folder):
    code, output = invoke(*source(raises="ValueError"), "seed=1,2", "-m")
    assert code == 2, output
    assert "Failing.open raised ValueError" in output
    assert not list(folder.iterdir())


@pytest.mark.parametrize("sweep", [[], ["-m", "seed=1,2"]])
def test_images_as_targets_need_an_output_of_their_shape(folder, sweep):
    """Oracle: 28 times 28 are 784 entries, but not in one dimension."""
    words = ["+experiment=mnist_completion_backprop", "data=image_memories", *sweep]
    code, output = invoke(*words, "data.source.count=100")
    assert code == 2, output
    assert "model.buffers: got [784], expected [28, 28, 1], what data.labels makes" in output
    assert not list(folder.iterdir())


def test_an_interrupt_is_not_an_error_of_the_source(monkeypatch):
    import synthetic_sources

    def stop(self: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(synthetic_sources.Failing, "open", stop)
    with pytest.raises(KeyboardInterrupt):
        darnax.train(*source())
