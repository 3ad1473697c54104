"""An id in place of a path. Oracle: the same command with the path, and the options themselves."""

import pytest
import typer
from typer.testing import CliRunner

import darnax
from darnax.cli.app import app
from darnax.errors import RequestError
from darnax.reports.runs import find_by_name

WORDS = ["+experiment=associations", "tracking=local", "runner.epochs=1"]
FOLDERS = ("RUN", "DIR")  # what help calls the folder of a run, and that of a sweep


def call(*words: object) -> tuple[int, str]:
    """Return the exit code and what is printed."""
    result = CliRunner().invoke(app, list(map(str, words)), prog_name="darnax")
    return result.exit_code, result.output


@pytest.fixture
def run(tmp_path, monkeypatch) -> darnax.Run:
    """A run in `outputs` of an empty working directory."""
    monkeypatch.chdir(tmp_path)
    return darnax.train(*WORDS, progress=False)


def test_every_command_that_reads_a_run_or_a_sweep_accepts_an_id():
    group = typer.main.get_command(app)
    found = set()
    for name, command in [*group.commands.items(), *group.commands["sweep"].commands.items()]:
        for parameter in getattr(command, "params", ()):
            if parameter.metavar in FOLDERS:
                assert parameter.callback is not None, name
                found.add(name)
    assert found >= {"eval", "analyse", "predict", "recall", "cite", "diff", "train", "resume"}


def test_an_id_is_as_good_as_the_path(run):
    short = run.folder.name.rpartition("-")[2]
    for command in (["eval"], ["cite"]):
        assert call(*command, short) == call(*command, run.folder)
    code, output = call("train", "--resume", short, "runner.epochs=2")
    assert code == 0, output
    assert darnax.load(short).metrics["train/accuracy"].epochs[-1] == 2
    assert repr(darnax.cite(short)) == repr(darnax.cite(run))


def test_a_configuration_is_given_by_the_id_of_its_run(run):
    short = run.folder.name.rpartition("-")[2]
    file = run.folder / "config.yaml"
    for command in (["train", "--cfg", "job"], ["show"]):
        assert call(*command, "--config", short) == call(*command, "--config", file)
    assert darnax.compose(config=short) == darnax.compose(config=file)


def test_an_id_that_does_not_exist_is_refused_in_one_way(run):
    outputs = {call(*words, "nothing") for words in (["eval"], ["cite"], ["sweep", "status"])}
    ((code, output),) = outputs
    assert (code, "nothing: there is no such folder" in output) == (2, True)


def test_a_sweep_without_a_run_has_an_id_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sweep = tmp_path / "outputs/chain/sweeps/2026-01-02_03-04-05-abcd"
    sweep.mkdir(parents=True)
    assert find_by_name("abcd").resolve() == sweep
    with pytest.raises(RequestError, match="there is no such folder"):
        find_by_name("dcba")


def test_a_refusal_of_trust_names_the_argument_of_python():
    from darnax.composing.trust import require_granted

    with pytest.raises(RequestError, match=r"'trust=\[mylab\]', or in Python: trust=\['mylab'\]"):
        require_granted({"trust": ["mylab"]}, ())
