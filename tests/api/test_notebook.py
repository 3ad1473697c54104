"""Training, interrupting, resuming, comparing and sweeping in a real Jupyter kernel."""

import os
import signal
import threading
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

TASK = [
    "+experiment=digits_smoke",
    "model.features=20",
    "model.depth=1",
    "~model.adapters.w_in.patch",
    "data=associations",
    "model.adapters.w_out.rule._target_=darnax.rules.Perceptron",
    "data.per_class=null",
    "tracking=local",
]

pytestmark = pytest.mark.filterwarnings("ignore")  # of Jupyter itself


def notebook(asked: list[str]) -> nbformat.NotebookNode:
    cells = [
        f"import darnax, numpy as np\nasked = {asked!r}",
        "run = darnax.train(*asked, 'runner.epochs=1')\nrun",
        "long = darnax.train(*asked, 'runner.epochs=1000', 'runner.checkpoint_every=1000')",
        "found = darnax.runs(asked[-1].split('=')[1])\n"
        "stopped, = [run for run in found if run.status == 'interrupted']\n"
        "print(stopped.status)",
        "resumed = stopped.resume()\n"
        "print(resumed.status, resumed.summary['epochs'], run.predict(np.ones((3, 100))).shape)",
        "sweep = darnax.sweep(*asked, 'runner.epochs=1', 'seed=1,2')\nsweep",
        "darnax.compare(run, sweep, metric='train/accuracy')",
    ]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


@pytest.mark.slow
def test_a_notebook_trains_is_interrupted_and_resumes(tmp_path: Path) -> None:
    place = tmp_path / "outputs"
    asked = [*TASK, f"paths.outputs={place}"]
    client = NotebookClient(
        notebook(asked),
        timeout=300,
        allow_errors=True,
        resources={"metadata": {"path": str(tmp_path)}},
    )

    def interrupt(cell, cell_index: int, **_) -> None:
        if cell_index == 2:
            threading.Thread(target=stop, args=(place, client), daemon=True).start()

    client.on_cell_execute = interrupt
    done = client.execute()
    imported, first, long, status, resumed, sweep, compared = done.cells
    assert not imported.outputs
    bar, shown = first.outputs
    assert "finished" in bar["data"]["text/html"]
    assert "<svg" in shown["data"]["text/html"] or "Run(" in shown["data"]["text/plain"]
    error = long.outputs[-1]
    assert error.ename == "Interrupted", error
    assert "resume with darnax.load(" in error.evalue
    assert status.outputs[0].text == "interrupted\n"
    assert resumed.outputs[-1].text == "finished 1000.0 (3, 100)\n", resumed.outputs
    board, table = sweep.outputs  # the first one was updated while the sweep ran
    assert board["data"]["text/html"].count("<td>finished</td>") == 2
    assert "2 of 2 points finished" in board["data"]["text/html"]
    assert "<table>" in table["data"]["text/html"]
    assert compared.outputs[-1]["data"]["text/html"].count("<tr>") == 2  # seeds are folded


def stop(place: Path, client: NotebookClient) -> None:
    """Interrupt the kernel, as the button does, once the second run has logged something."""
    while sum(file.stat().st_size > 0 for file in place.glob("*/*/metrics.jsonl")) < 2:
        time.sleep(0.05)
    os.kill(client.km.provisioner.pid, signal.SIGINT)
