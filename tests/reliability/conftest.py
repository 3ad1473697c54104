import copy
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from small_experiments import TASK
from typer.testing import CliRunner, Result

from darnax.cli.app import app
from darnax.composing.composer import compose

Command = Callable[..., Result]


@pytest.fixture
def darnax(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command in this process, in an empty directory with its own folder of datasets."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "sets"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent))
    monkeypatch.delenv("DARNAX_DEBUG", raising=False)
    return lambda *words: CliRunner().invoke(app, list(map(str, words)), prog_name="darnax")


@pytest.fixture(scope="session")
def composed_task() -> dict[str, Any]:
    return compose(TASK)


@pytest.fixture
def task(darnax: Command, composed_task: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration without dataset: a chain that learns random patterns."""
    task = copy.deepcopy(composed_task)
    task["paths"]["data"] = os.environ["TFDS_DATA_DIR"]
    return task


@pytest.fixture
def cases(record_property: Callable[[str, object], None]) -> Iterator[Counter[str]]:
    """Count cases by kind; scripts/reliability.py writes the sums into its page."""
    counts: Counter[str] = Counter()
    yield counts
    for what, count in counts.items():
        record_property(f"cases:{what}", count)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped after a checkpoint."""
    place = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("XDG_CACHE_HOME", str(place.parent))
        result = CliRunner().invoke(
            app, ["train", *TASK, "tracking=local", "tracking.console=false"], prog_name="darnax"
        )
        assert result.exit_code == 0, result.output
    (run,) = (place / "outputs" / "digits_smoke").iterdir()
    summary = json.loads((run / "summary.json").read_text())
    (run / "summary.json").write_text(json.dumps(summary | {"status": "interrupted"}))
    return run


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of it to be damaged."""
    return Path(
        shutil.copytree(trained, tmp_path / "work" / "outputs" / "digits_smoke" / trained.name)
    )
