"""Error messages: a panel on stderr without a traceback, and the exit code."""

import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from darnax.cli import panels
from darnax.composing.quoting import explain_unreadable
from darnax.errors import Problem, RequestError

MISTAKES = [
    (["model.dept=3"], ["model.dept=3", "model.depth"]),
    (["model.layers.hiden.j_d=3"], ["model.layers.hidden.j_d"]),
    (["j_d=1"], ["model.layers.hidden.j_d"]),
    (["optimizer.lr=1"], ["there is no optimizer", "`darnax show` lists every rate"]),
    (["modl=wide"], ["did you mean model?"]),
    (["model=chian"], ["model=chian", "did you mean chain?", "chain, wide"]),
    (["+experiment=frist"], ["did you mean first?", "darnax list"]),
    (["+experiment=orphan"], ["+experiment=orphan", "did you mean chain?"]),
    (["+experiment=broken"], ["broken.yaml:3", "not valid YAML"]),
    (
        ["+experiment=dangling"],
        ["name: refers to ${model.dept}", "did you mean model.depth?", "later: has no value yet"],
    ),
    (["+experiment=first", "+experiment=second"], ["choose it once"]),
    (["seed=1,2"], ["-m", "seed=[…]"]),
    (["seed=choice(1,2)"], ["-m"]),
    (["first"], ["is not an override", "first=value"]),
    (["=3"], ["key=value"]),
    (["note=a=b"], ["the character =", "type \"note='a=b'\""]),
    (["name='a"], ["the character '"]),
    (["paths.outputs=~/xx"], ["the character ~", "type \"paths.outputs='~/xx'\""]),
    (["name=été"], ["the character é", "type \"name='été'\""]),
    (["name=a&b"], ["got the character &, which no name of a folder may have"]),
    (["note=a&b"], ["the character &", "type \"note='a&b'\""]),
    (["note=a$b!"], ["the character !", "type 'note=\"a$b!\"'"]),
    (["runner.epochs=[a~]"], ["the text with the character ~ in quotes"]),
    (["runner.epochs=[1,2"], ["check its brackets"]),
    (["model=3"], ["one of its files"]),
    (["+seed=3"], ["seed exists already", "seed=3"]),
    (["~sed"], ["no sed", "did you mean seed?"]),
    (["+later=null", "~later"], ["later is null", "later=0 ~later"]),
    (["seed=${oc.env:DARNAX_NOT_SET}"], ["seed", "DARNAX_NOT_SET"]),
    (["seed=[1,2]", "+seed.a=1"], ["+seed.a=1: there is no seed.a: a list has the positions 0"]),
    (["seed=[1,2]", "seed.2=1"], ["seed.2=1: there is no seed.2: a list has the positions 0"]),
    (["seed=[1,2]", "~seed.a"], ["~seed.a: there is no seed.a: a list has the positions 0"]),
    (["model.dept=3", "model.deth=4", "first"], ["model.dept=3", "model.deth=4", "first: "]),
    (["+experiment=truth"], ["labels.True", "put the key in quotes"]),
    (["--cfg", "job", "-m"], ["--cfg", "-m"]),
    (["--config", "nowhere.yaml"], ["nowhere.yaml: does not exist"]),
    (["--cfg", "jbo"], ["jbo"]),
    (["--sed=3"], ["--sed"]),
]


@pytest.mark.parametrize(
    ("words", "parts"), MISTAKES, ids=lambda value: " ".join(value) if value[0][0] != " " else ""
)
def test_an_error_is_explained(lab, words, parts):
    result = lab("train", *words)
    assert result.exit_code == 2, result.output
    for part in parts:
        assert part in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""
    assert lab.calls == []
    assert lab.left() == []


def test_a_failed_run_is_one_panel_with_the_notes_of_the_runner(lab):
    def fail(config):
        error = FloatingPointError("the norm of hidden1 is not finite")
        error.add_note("traceback: outputs/first/one/train.log")
        raise error

    lab.fail = fail
    result = lab("train")
    assert result.exit_code == 1
    assert "FloatingPointError: the norm of hidden1 is not finite" in result.stderr
    assert "outputs/first/one/train.log" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("sweep", [[], ["-m"]])
@pytest.mark.parametrize("how", ["option", "environment"])
def test_debug_shows_the_traceback(lab, monkeypatch, how, sweep):
    lab.fail = lambda config: 1 / 0
    if how == "environment":
        monkeypatch.setenv("DARNAX_DEBUG", "1")
    result = lab("train", "+experiment=first", *sweep, *(["--debug"] if how == "option" else []))
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert "ZeroDivisionError" in result.stderr


@pytest.mark.parametrize("code", [130, 143])
@pytest.mark.parametrize("sweep", [[], ["-m", "seed=1,2"]])
def test_an_interrupted_run_prints_the_command_to_resume(lab, code, sweep):
    class Stop(BaseException):
        exit_code = code
        resume = "darnax train --resume outputs/first/one"

    def fail(config):
        raise Stop

    lab.fail = fail
    result = lab("train", *sweep)
    assert result.exit_code == code
    assert "darnax train --resume outputs/first/one" in result.stderr
    assert len(lab.calls) == 1


def test_control_c_before_a_run_is_130(lab):
    def fail(config):
        raise KeyboardInterrupt

    lab.fail = fail
    assert lab("train").exit_code == 130


def test_all_problems_are_in_one_panel_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    assert (
        panels.report(RequestError(Problem("data.batch_size", "got [0], expected [1]"), "second"))
        == 2
    )
    box = capsys.readouterr().err
    assert "data.batch_size: got [0], expected [1]" in box
    assert "second" in box
    assert "╭" in box


ODD = [f"a{letter}" for letter in "~&(#={;^<>[]}é!`'\""]


@pytest.mark.parametrize("value", [*ODD, "a$b!", "it's", 'say "a&b"', "~/my runs"])
def test_the_word_to_type_has_the_value_as_it_was_meant(value):
    # The oracles are the shell's own rules, and Hydra's parser.
    typed = explain_unreadable(f"note={value}").partition("; type ")[2]
    (word,) = shlex.split(typed)
    parsed = OverridesParser.create().parse_override(word)
    assert (parsed.key_or_group, parsed.value()) == ("note", value)


@pytest.mark.parametrize("words", [["seed.a=1"], ["tracking.x=1"], ["~seed.a"], ["model.shape=3"]])
def test_suggestions_neither_repeat_the_key_nor_name_a_far_one(lab, words):
    refused = lab("train", *words)
    assert refused.exit_code == 2
    assert "did you mean" not in refused.stderr


OTHER_PROJECT = {
    "configs/config.yaml": "defaults: [{model: resnet}]\nlr: 0.1",
    "configs/model/resnet.yaml": "layers: 18",
}


def test_a_folder_of_another_project_is_named(lab):
    lab.write(OTHER_PROJECT | {"configs/model/chain.yaml": "layers: ${data.shape}"})
    refused = lab("train", "model=chain")
    assert refused.exit_code == 2
    first, second, *_ = refused.stderr.splitlines()[1:]
    assert "configs/model/chain.yaml: is used in place of the file of darnax" in first
    assert "configs/config.yaml: is used in place of the file of darnax" in second
    assert "another project" in second
    assert "UserWarning" not in refused.output


def test_a_key_names_the_file_that_sets_it(lab):
    lab.write({"configs/experiment/mine.yaml": "# @package _global_\nname: ${nowhere}"})
    refused = lab("train", "+experiment=mine")
    assert "name: refers to ${nowhere}" in refused.stderr
    assert "(set in configs/experiment/mine.yaml)" in refused.stderr
    swept = lab("train", "-m", "+experiment=mine", "seed=1,2")
    assert "(set in configs/experiment/mine.yaml)" in swept.stderr
    typed = lab("train", "+experiment=mine", "name=${anywhere}")
    assert "set in" not in typed.stderr


WITHOUT_DIRECTIVE = {
    "name: mine": "add this as its first line: # @package _global_",
    "defaults: [{override /model: wide}]": "add this as its first line: # @package _global_",
    "\ufeff# @package _global_\nname: mine": "byte order mark",
}


@pytest.mark.parametrize("text", WITHOUT_DIRECTIVE)
def test_an_experiment_whose_content_would_have_no_effect_is_refused(lab, text):
    lab.write({"configs/experiment/mine.yaml": text})
    for words in (["--cfg", "job"], ["-m", "seed=1,2"]):
        refused = lab("train", "+experiment=mine", *words)
        assert refused.exit_code == 2, refused.output
        assert "configs/experiment/mine.yaml" in refused.stderr
        assert WITHOUT_DIRECTIVE[text] in refused.stderr
    assert lab.calls == []


FAULTY_DEFAULTS = {
    "[override /modle: wide]": "overrides modle, which is in no defaults list before it "
    "(did you mean model?)",
    "[override /model: nope]": "there is no nope in model/",
    "[/model@other: nope]": "there is no nope in model/",
    "[override /data mnist]": "Could not load 'experiment/override /data mnist'",
    "{override /data: mnist}": "defaults must be a list",
}


@pytest.mark.parametrize("defaults", FAULTY_DEFAULTS)
def test_a_fault_in_a_defaults_list_names_its_file(lab, defaults):
    text = f"# @package _global_\ndefaults: {defaults}\nname: mine"
    lab.write({"configs/experiment/mine.yaml": text})
    refused = lab("train", "+experiment=mine")
    assert refused.exit_code == 2, refused.output
    expected = f"configs/experiment/mine.yaml: {FAULTY_DEFAULTS[defaults]}"
    assert expected in refused.stderr
    assert lab.calls == []
