"""The functions behind the commands. Oracle: what the command prints, and the run's own files."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import darnax
from darnax.cli.app import app

WORDS = ["+experiment=associations", "tracking=local", "runner.epochs=1"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("commands")


@pytest.fixture(autouse=True)
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.delenv("COLUMNS", raising=False)  # on a narrow terminal columns are left out


@pytest.fixture(scope="module")
def sweep(place: Path) -> darnax.Sweep:
    return darnax.sweep(*WORDS, "seed=1,2", f"paths.outputs={place / 'outputs'}")


def printed(*words: object) -> str:
    result = CliRunner().invoke(app, list(map(str, words)), prog_name="darnax")
    assert result.exit_code == 0, result.output
    return result.stdout


def test_runs_are_listed_with_what_differs(sweep: darnax.Sweep) -> None:
    found = darnax.runs("outputs", metric="train/accuracy")
    assert repr(found).split() == printed("runs", "--metric", "train/accuracy").split()
    assert {row[found.table.columns.index("what differs")] for row in found.table.rows} == {
        "seed=1",
        "seed=2",
    }
    with pytest.raises(darnax.RequestError, match="metric: got 3, expected the name of a metric"):
        darnax.runs("outputs", metric=3)  # type: ignore[arg-type]


def test_two_runs_are_told_apart(sweep: darnax.Sweep) -> None:
    a, b = sweep.runs
    found = darnax.diff(a, b.folder)
    changed = {change.key: (change.a, change.b) for change in found.configuration}
    assert changed["seed"] == (1, 2)
    assert set(found.to_pandas()["key"]) == set(changed)
    assert repr(found).split() == printed("diff", a.folder, b.folder).split()
    assert found._repr_html_().count("<table>") == sum(bool(table.rows) for table in found.tables)
    same = darnax.diff(a, a)
    assert repr(same).count("no difference") == 3
    with pytest.raises(darnax.RequestError, match="holds 2 runs; give one"):
        darnax.diff(a, sweep)


def test_the_references_are_a_bibtex_file(sweep: darnax.Sweep) -> None:
    run = sweep.runs[0]
    text = str(darnax.cite(run))
    assert text.count("@") >= 2
    assert f"{text}\n" == printed("cite", run.folder)


def test_a_network_is_described_before_it_is_trained(place: Path) -> None:
    network = darnax.describe(*WORDS)
    assert repr(network).split() == printed("show", *WORDS).split()
    drawn = ET.parse(network.to_svg(place / "network.svg"))
    assert "w_in" in "".join(drawn.getroot().itertext())
    assert network._repr_html_().startswith("<svg")


def test_the_phases_are_drawn_with_gains_and_signs(place: Path) -> None:
    """Oracle: the phases of equilibrium propagation, counted by hand."""
    words = ("+experiment=mnist_ep", "dynamics.train.away.learn.w_in=-0.5")
    drawn = ET.parse(darnax.describe(*words).phases_to_svg(place / "phases.svg")).getroot()
    kinds = [element.get("class") for element in drawn.iter()]
    # Eight modules send in two phases each, and six where the two nudges have a gain of 0; the
    # legend has one of each kind.
    assert kinds.count("sent") == 2 * 8 + 2 * 6 + 1
    assert kinds.count("raised") == 4 + 1
    assert kinds.count("lowered") == 4 + 1
    texts = [element.text for element in drawn.iter() if element.text]
    assert [texts.count(each) for each in ("0.5", "-0.5", "0")] == [2, 3, 4]
    assert texts.count("train, scored") == 1


def test_the_scored_phase_and_the_state_that_is_learned_are_shown(place: Path) -> None:
    words = ("+experiment=mnist_ep", "+dynamics.train.away.target_state={free: 0.5, away: 1}")
    network = darnax.describe(*words)
    assert network.facts["scored"] == "free"
    assert "; the state of 0.5·free + away" in repr(network)
    drawn = ET.parse(network.phases_to_svg(place / "phases.svg")).getroot()
    assert "learns 0.5·free + away" in "".join(drawn.itertext())


def test_data_are_described(place: Path) -> None:
    assert (
        repr(darnax.datasets("sets")).split()
        == printed("data", "list", "--directory", "sets").split()
    )
    data = darnax.describe_data(*WORDS)
    assert repr(data).split() == printed("data", "show", *WORDS).split()
    assert data.to_png(place / "sheet.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(darnax.RequestError, match="expected one name, or overrides"):
        darnax.describe_data("mnist", "seed=1")


def test_a_plan_lists_the_points_and_starts_nothing(place: Path) -> None:
    before = sorted(place.rglob("*"))
    planned = darnax.plan(*WORDS, "seed=1,2")
    assert list(planned.points) == ["seed=1", "seed=2"]
    assert not planned.problems
    assert repr(planned).split() == printed("train", "-m", *WORDS, "seed=1,2", "--dry-run").split()
    refused = darnax.plan(*WORDS, "model.layers.hidden.threshold=1.4,much")
    assert "threshold" in str(refused.problems[0])
    assert str(refused.problems[0]) in repr(refused)
    assert sorted(place.rglob("*")) == before


def test_a_configuration_keeps_its_references_if_asked() -> None:
    assert darnax.compose(*WORDS)["model"]["features"] == 100
    kept = darnax.compose(*WORDS, resolve=False)["model"]["features"]
    assert kept == "${data.source.inputs}"


def test_an_analysis_writes_the_states_of_all_examples(sweep: darnax.Sweep, place: Path) -> None:
    run = sweep.runs[0]
    found = run.analyse(only=["basins"], states=place / "states.npz")
    assert list(found) == ["basins"]
    with np.load(place / "states.npz") as states:
        assert states["scores"].shape[0] == len(states["targets"]) == 50
        hidden = run.states(np.zeros((1, 100)))["hidden1"]
        assert states["hidden1"].shape == (50, hidden.shape[1])


@pytest.mark.parametrize("progress", [None, False, True])
def test_a_sweep_shows_its_points_if_asked(
    sweep: darnax.Sweep, capsys: pytest.CaptureFixture[str], place: Path, progress: bool | None
) -> None:
    shown = darnax.sweep(*WORDS, "seed=3,4", f"paths.outputs={place / 'shown'}", progress=progress)
    lines = capsys.readouterr().out.splitlines()
    if not progress:  # a test has no terminal
        assert lines == []
        return
    assert [line.split()[:3] for line in lines if "finished" in line][:2] == [
        ["1/2", "seed=3", "finished"],
        ["2/2", "seed=4", "finished"],
    ]
    assert lines[-1] == shown.status.summary
    shown.resume(progress=True)
    assert capsys.readouterr().out.splitlines() == [shown.status.summary]
