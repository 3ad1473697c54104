"""`darnax train -m`: every point is tried, the table tells, the exit code sums up, and no empty folder stays."""

import itertools

import pytest

from darnax.errors import RequestError


def test_the_product_of_all_values_runs_in_one_folder_of_the_sweep(lab):
    result = lab("train", "-m", "+experiment=first,second", "seed=1,2")
    assert result.exit_code == 0, result.output
    assert [(c["name"], c["seed"]) for c in lab.configs] == [("first", 1), ("first", 2), ("second", 1), ("second", 2)]
    assert len({call["sweep"] for call in lab.calls}) == 1
    folder = lab.calls[0]["sweep"]
    assert folder.relative_to(lab.place).parts[:-1] == ("outputs", "run", "sweeps")
    assert {p.name for p in folder.iterdir()} == {".points", "sweep.json", *(f"run-{i}" for i in (1, 2, 3, 4))}


def test_the_folder_carries_the_name_of_the_experiment_and_respects_outputs(lab):
    assert lab("train", "-m", "+experiment=first", "seed=1,2", 'paths.outputs="it\'s here"').exit_code == 0
    assert lab.calls[0]["sweep"].parent == lab.place / "it's here" / "first" / "sweeps"


@pytest.mark.parametrize(
    ("values", "seeds"),
    [
        ("4,2", [4, 2]),
        ("choice(4,2)", [4, 2]),
        ("range(3)", [0, 1, 2]),
        ("range(1,6,2)", [1, 3, 5]),
        ("sort(3,1,2)", [1, 2, 3]),
        ("tag(odd,choice(1,3))", [1, 3]),
        ("int(choice(1.0,3.0))", [1, 3]),
    ],
)
def test_hydras_grammar_of_values(lab, values, seeds):
    assert lab("train", "-m", f"seed={values}").exit_code == 0
    assert [c["seed"] for c in lab.configs] == seeds


@pytest.mark.parametrize("files", ["glob([f*,s*])", "glob(*,exclude=[b*,d*,o*,t*])", "choice(first,second)"])
def test_a_sweep_over_the_files_of_a_group(lab, files):
    assert lab("train", "-m", f"+experiment={files}").exit_code == 0
    assert [c["name"] for c in lab.configs] == ["first", "second"]


def test_what_is_taken_away_is_taken_away_from_every_point(lab):
    result = lab("train", "-m", "~runner.epochs", "seed=1,2")
    assert result.exit_code == 0, result.output
    assert [(c["seed"], c["runner"]) for c in lab.configs] == [(1, {}), (2, {})]


def test_options_stand_anywhere(lab):
    for given in itertools.permutations(["-m", "+experiment=first", "seed=1,2"]):
        assert lab("train", *given).exit_code == 0
    assert [(c["name"], c["seed"]) for c in lab.configs] == [("first", 1), ("first", 2)] * 6


def test_a_failing_point_stops_no_other_and_the_table_tells_why(lab):
    def fail(config):
        if config["seed"] == 1:
            raise RuntimeError("all units silent,\nand more")
        if config["seed"] == 2:
            raise RequestError("seed 2 is not allowed")

    lab.fail = fail
    result = lab("train", "seed=1,2,3", "-m", "name=x")
    assert result.exit_code == 1
    assert [c["seed"] for c in lab.configs] == [1, 2, 3]
    assert lab.table(result) == [
        ["seed=1", "failed", "RuntimeError: all units silent, and more"],
        ["seed=2", "refused", "seed 2 is not allowed"],
        ["seed=3", "finished", "30.00%", "run-1"],
    ]
    assert f"go on with: darnax sweep resume {lab.calls[0]['sweep']}" in result.stdout


def test_a_point_that_cannot_be_composed_stops_no_other(lab):
    result = lab("train", "-m", "model=chain,chian", "seed=1")
    assert result.exit_code == 1
    assert len(lab.calls) == 1
    assert lab.table(result)[1][:2] == ["model=chian", "refused"]
    assert "did you mean chain?" in result.stdout


def test_the_same_configuration_twice_is_one_point(lab):
    assert lab("train", "-m", "seed=1,2,1").exit_code == 0
    assert [c["seed"] for c in lab.configs] == [1, 2]


@pytest.mark.parametrize(
    "bad", [["seed=${nope},${neither}"], ["model=chian,wode"], ["model.dept=1,2"], ["model.dept=1", "seed=1,2"]]
)
def test_when_all_are_refused_nothing_stays_and_the_code_is_2(lab, bad):
    assert lab("train", "-m", *bad).exit_code == 2
    assert lab.calls == []
    assert lab.left() == []


def test_when_all_are_refused_by_the_builder_nothing_stays_either(lab):
    def fail(config):
        raise RequestError("no such units")

    lab.fail = fail
    result = lab("train", "-m", "seed=1,2")
    assert result.exit_code == 2
    assert "no such units" in result.stdout
    assert lab.left() == []


def test_a_sweep_in_a_file_wants_to_be_started_as_one(lab):
    text = "# @package _global_\nhydra: {sweeper: {params: {seed: '4,5'}}}"
    (lab.place / "configs" / "sweep").mkdir(parents=True)
    (lab.place / "configs" / "sweep" / "seeds.yaml").write_text(text)
    alone = lab("train", "+sweep=seeds")
    assert alone.exit_code == 2
    assert "-m" in alone.stderr
    assert lab("train", "sweep=seeds", "-m").exit_code == 0
    assert [c["seed"] for c in lab.configs] == [4, 5]
