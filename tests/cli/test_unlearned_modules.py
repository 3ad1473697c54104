"""Plastic modules that learn in no phase: refused for new runs only. Oracle: the exit codes."""

from pathlib import Path

import pytest

from darnax.composing.composer import compose
from darnax.errors import RequestError
from darnax.laboratory import reopening, training
from darnax.runner.run_folder import RunFolder

SKIP = (
    "+model.adapters.skip={from: input, to: 'hidden[2]', "
    "_target_: darnax.modules.FullyConnected, threshold: 1.0}"
)
TASK = ["+experiment=digits_smoke", "model.features=20", "data=associations", "data.per_class=null"]
OLD = [*TASK, "~model.adapters.w_in.patch", SKIP]


@pytest.fixture
def old_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """Return the folder of a run from before such modules were refused."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reopening, "keep_compiled_programs", lambda: None)
    return RunFolder.create(Path("outputs"), "old", compose(OLD), OLD, command=["darnax"])


def test_a_new_run_is_refused_and_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RequestError, match=r"model\.adapters\.skip: no phase .* lets skip learn"):
        training.train(compose(OLD), overrides=OLD, command=["darnax"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["eval", "analyse"])
def test_an_existing_run_is_evaluated(old_run, command):
    experiment, *_ = reopening.reopen(old_run.path, [], command)
    assert experiment.name == "digits_smoke"


def test_an_existing_run_is_resumed(old_run, monkeypatch):
    monkeypatch.setattr(training, "run", lambda runs, *_: [{"status": runs[0][0].name}])
    assert training.resume(old_run.path) == {"status": "digits_smoke"}
