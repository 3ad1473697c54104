"""Every shipped experiment takes two steps by the real command. Oracle: exit code and summary."""

import pytest

from darnax.composing import config_folders

from .conftest import Workspace, summary

SHIPPED = sorted(
    path.stem for path in (config_folders.packaged_folder() / "experiment").glob("*.yaml")
)
QUICK = [
    "tracking=local",
    "runner.epochs=1",
    "runner.limit_batches=2",
    "data.per_class=20",
    "data.name=mnist",
]
SMALLER = {"mnist_conv": "model.channels=4", "conv_error": "model.channels=4"}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_two_steps(workspace: Workspace, name: str) -> None:
    workspace.darnax("train", f"experiment={name}", *QUICK, SMALLER.get(name, "model.features=200"))
    assert summary(workspace.runs(name)[0])["steps"] == 2
