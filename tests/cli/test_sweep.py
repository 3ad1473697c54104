"""`darnax train -m`: the points, the table of results, the exit code, and the folders left."""

import itertools

import pytest

from darnax.errors import RequestError
from darnax.sweeps.record import Record


def test_the_product_of_all_values_runs_in_one_folder_of_the_sweep(lab):
    result = lab("train", "-m", "+experiment=first,second", "seed=1,2")
    assert result.exit_code == 0, result.output
    assert [(c["name"], c["seed"]) for c in lab.configs] == [
        ("first", 1),
        ("first", 2),
        ("second", 1),
        ("second", 2),
    ]
    assert len({call["sweep"] for call in lab.calls}) == 1
    folder = lab.calls[0]["sweep"]
    assert folder.relative_to(lab.place).parts[:-1] == ("outputs", "run", "sweeps")
    assert {p.name for p in folder.iterdir()} == {
        ".points",
        "sweep.json",
        *(f"run-{i}" for i in (1, 2, 3, 4)),
    }


def test_the_folder_of_the_sweep_is_printed_at_its_end(lab):
    """Oracle: the folder in which the points were run."""
    first = lab("train", "-m", "seed=1,2")
    folder = lab.calls[0]["sweep"]
    shown = f"folder {folder.relative_to(lab.place)}"
    assert first.stdout.splitlines()[-1] == shown
    assert lab("sweep", "resume", str(folder)).stdout.splitlines()[-1] == shown
    elsewhere = lab.place.parent / "elsewhere"
    lab("train", "-m", "seed=1,2", f"paths.outputs={elsewhere}")
    assert lab.calls[-1]["sweep"].is_relative_to(elsewhere)
    last = lab("sweep", "resume", str(lab.calls[-1]["sweep"])).stdout.splitlines()[-1]
    assert last == f"folder {lab.calls[-1]['sweep']}"
    refused = lab("train", "-m", "model=chian", "seed=1,2")
    assert "folder " not in refused.stdout


def test_a_key_that_does_not_exist_is_refused_once_for_all_its_values(lab):
    result = lab("train", "-m", "lernin_rate=1,2,3", "seed=range(4)")
    assert result.exit_code == 2
    [line] = [line for line in result.output.splitlines() if "there is no" in line]
    assert "and 9 more points: lernin_rate: there is no lernin_rate" in line


def test_the_sweep_folder_is_outputs_and_the_name_of_the_experiment(lab):
    assert (
        lab("train", "-m", "+experiment=first", "seed=1,2", 'paths.outputs="it\'s here"').exit_code
        == 0
    )
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


@pytest.mark.parametrize(
    "files", ["glob([f*,s*])", "glob(*,exclude=[b*,d*,o*,t*])", "choice(first,second)"]
)
def test_a_sweep_over_the_files_of_a_group(lab, files):
    assert lab("train", "-m", f"+experiment={files}").exit_code == 0
    assert [c["name"] for c in lab.configs] == ["first", "second"]


def test_a_deleted_key_is_deleted_from_every_point(lab):
    result = lab("train", "-m", "~runner.epochs", "seed=1,2")
    assert result.exit_code == 0, result.output
    assert [(c["seed"], c["runner"]) for c in lab.configs] == [(1, {}), (2, {})]


def test_options_are_accepted_in_any_position(lab):
    for given in itertools.permutations(["-m", "+experiment=first", "seed=1,2"]):
        assert lab("train", *given).exit_code == 0
    assert [(c["name"], c["seed"]) for c in lab.configs] == [("first", 1), ("first", 2)] * 6


def test_a_failing_point_does_not_stop_others_and_the_table_gives_the_reason(lab):
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
    assert f"resume with: darnax sweep resume {lab.calls[0]['sweep']}" in result.stdout


def test_the_record_of_a_sweep_is_read_once_for_all_its_points(lab, monkeypatch):
    """Oracle: calls of `Record.read`, counted; the file takes 10 KB for every point."""
    reads, read = [], Record.read
    monkeypatch.setattr(Record, "read", lambda folder: reads.append(folder) or read(folder))
    assert lab("train", "-m", "seed=range(8)").exit_code == 0
    assert len(lab.calls) == 8
    assert len(reads) == 1


def test_an_invalid_point_is_refused_before_any_point_trains(lab):
    def refuse(config):
        if (
            config["model"]["depth"] > 2
            or config["model"]["layers"]["hidden"]["j_d"] == 0.7
            or config["seed"] < 0
        ):
            raise RequestError("no such units")

    lab.refuse = refuse
    wrong = {
        "model=chain,chian": "did you mean chain?",
        "model.depth=1,2,3,4": "depth=3, depth=4: no such units",
        "model.layers.hidden.j_d=0.1,0.5,0.7": "j_d=0.7: no such units",
        "seed=1,-1": "seed=-1: no such units",
    }
    for asked, message in wrong.items():
        result = lab("train", "-m", asked)
        assert result.exit_code == 2
        assert message in result.stderr
        assert lab.calls == []
        assert lab.left() == []


def test_every_structure_and_number_is_checked_without_building_every_point(lab):
    looked = []
    lab.refuse = lambda config: looked.append(
        (config["model"]["depth"], config["model"]["layers"]["hidden"]["j_d"], config["seed"])
    )
    couplings = "model.layers.hidden.j_d=0.1,0.2,0.3"
    assert (
        lab("train", "-m", "model.depth=1,2", couplings, "seed=range(5)", "--dry-run").exit_code
        == 0
    )
    assert looked == [(1, 0.1, 0), (1, 0.2, 0), (1, 0.3, 0), (2, 0.1, 0)]


def test_a_dry_run_lists_the_points_and_their_errors(lab):
    assert lab("train", "--dry-run", "seed=1,2").exit_code == 2
    sound = lab("train", "-m", "+experiment=first", "seed=1,2", "--dry-run")
    assert sound.exit_code == 0
    assert lab.table(sound) == [
        ["seed=1", "+experiment=first seed=1"],
        ["seed=2", "+experiment=first seed=2"],
    ]
    refused = lab("train", "-m", "model=chain,chian", "--dry-run")
    assert refused.exit_code == 2
    assert [row[0] for row in lab.table(refused)] == ["model=chain", "model=chian"]
    assert "model=chian: " in refused.stderr
    assert lab.calls == []
    assert lab.left() == []


def test_the_same_configuration_twice_is_one_point(lab):
    assert lab("train", "-m", "seed=1,2,1").exit_code == 0
    assert [c["seed"] for c in lab.configs] == [1, 2]


@pytest.mark.parametrize(
    "bad",
    [
        ["seed=${nope},${neither}"],
        ["model=chian,wode"],
        ["model.dept=1,2"],
        ["model.dept=1", "seed=1,2"],
    ],
)
def test_if_all_points_are_refused_nothing_is_left_and_the_exit_code_is_2(lab, bad):
    assert lab("train", "-m", *bad).exit_code == 2
    assert lab.calls == []
    assert lab.left() == []


def test_if_all_points_are_refused_for_their_data_nothing_is_left(lab):
    def fail(config):
        raise RequestError("no such units")

    lab.fail = fail
    result = lab("train", "-m", "seed=1,2")
    assert result.exit_code == 2
    assert "no such units" in result.stdout
    assert lab.left() == []


EFFECTLESS = {
    "hydra.run.dir=here": "paths.outputs",
    "hydra.sweep.dir=here": "paths.outputs",
    "hydra.sweep.subdir=here": "paths.outputs",
    "hydra.verbose=true": "--debug",
    "hydra.job.chdir=true": "directory",
    "hydra/job_logging=default": "train.log",
    "+hydra.job.env_set.PATH=/x": "NAME=value darnax",
    "hydra.sweeper.max_batch_size=2": "has no effect on a grid",
}


@pytest.mark.parametrize(("word", "says"), EFFECTLESS.items())
def test_a_setting_without_effect_is_refused(lab, word, says):
    result = lab("train", "-m", "seed=1,2", word)
    assert result.exit_code == 2
    assert says in result.stderr
    assert lab.left() == []


HOLDS = {
    "a launcher": "defaults: [{override /hydra/launcher: other}]",
    "a setting of the sweeper": "hydra: {sweeper: {max_batch_size: 3}}",
    "points": "hydra: {sweeper: {params: {seed: '4,5'}}}",
    "a variable": "hydra: {job: {env_set: {A: b}}}",
}


@pytest.mark.parametrize("text", HOLDS.values(), ids=HOLDS)
def test_one_of_several_experiments_cannot_set_options_of_the_sweep(lab, text):
    basic = "_target_: hydra._internal.core_plugins.basic_launcher.BasicLauncher"
    lab.write(
        {
            "configs/hydra/launcher/other.yaml": f"{basic}\nlanes: 3",
            "configs/hydra/launcher/basic.yaml": basic,
        }
    )
    lab.write({"configs/experiment/mine.yaml": f"# @package _global_\n{text}"})
    before = lab.left()
    result = lab("train", "-m", "experiment=first,mine")
    assert result.exit_code == 2
    assert "experiment=mine: " in result.stderr
    assert "would have no effect" in result.stderr
    assert lab.left() == before


def test_one_sweep_at_a_time(lab):
    files = {
        f"configs/sweep/{name}.yaml": (
            "# @package _global_\nhydra: {sweeper: {params: {seed: '4,5'}}}"
        )
        for name in "ab"
    }
    lab.write(files)
    result = lab("train", "-m", "sweep=a,b")
    assert result.exit_code == 2
    assert "sweep=a,b: chooses several sweeps" in result.stderr
    assert lab.calls == []


def names(lab, *words):
    result = lab("train", "-m", *words, "--dry-run")
    assert result.exit_code == 0, result.output
    return [row[0] for row in lab.table(result)]


def test_dictionaries_for_one_key_are_merged_in_every_combination(lab):
    same = ["++model.layers={a: 1},{a: 2}", "++model.layers={b: 1},{b: 2}"]
    assert names(lab, *same) == [f"layers={{a:{a}}}+{{b:{b}}}" for a in (1, 2) for b in (1, 2)]
    assert lab("train", "-m", *same).exit_code == 0
    layers = [c["model"]["layers"] for c in lab.configs]
    assert layers == [{"hidden": {"j_d": 0.5}, "a": a, "b": b} for a in (1, 2) for b in (1, 2)]


def test_numbers_of_a_range_are_printed_as_written(lab):
    assert names(lab, "seed=range(0.1,0.5,0.2)") == ["seed=0.1", "seed=0.3"]
    assert names(lab, "seed=range(0,1e-5,2e-6)") == [
        f"seed={x}" for x in ("0.0", "2e-06", "4e-06", "6e-06", "8e-06")
    ]
    assert names(lab, "seed=sort(range(0.3,0,-0.1))") == ["seed=0.1", "seed=0.2", "seed=0.3"]


@pytest.mark.parametrize("word", ["seed=3,range(1,5)", "seed=range(1,5),3", "seed=1,interval(0,1)"])
def test_a_range_among_other_values_is_refused(lab, word):
    result = lab("train", "-m", word)
    assert result.exit_code == 2
    assert f"{word}: has range(…), interval(…) or choice(…) among other values" in result.stderr


@pytest.mark.parametrize(
    "words", [["seed=1", "seed=1,2"], ["seed=9", "seed=1,2"], ["seed=1,2,3", "seed=1,2"]]
)
def test_the_last_override_of_a_key_counts_and_every_point_has_a_name(lab, words):
    assert names(lab, *words) == ["seed=1", "seed=2"]


FIXED = [["seed=1,2", "seed=3"], ["++seed=1,2", "seed=3"], ["seed=1", "seed=3"]]


@pytest.mark.parametrize("words", FIXED)
def test_a_key_that_is_swept_and_then_fixed_gives_one_point(lab, words):
    assert names(lab, "name=x", *words) == ["seed=3"]


def test_a_key_that_is_added_and_then_swept_is_added_with_each_value(lab):
    assert names(lab, "+model.width=1", "model.width=2,3") == ["width=2", "width=3"]
    assert lab("train", "-m", "+model.width=1", "model.width=2,3").exit_code == 0
    assert [config["model"]["width"] for config in lab.configs] == [2, 3]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["paths.data=A,B"], "paths.data"),
        (["paths.data=A,B", "seed=1,2"], "paths.data"),
        (["+tracking.wandb.mode=offline,online", "seed=1,2"], "tracking.wandb.mode"),
        (["+tracking={console: true},{console: false}"], "tracking"),
        (["hydra/launcher=basic,other"], "hydra/launcher=basic,other"),
    ],
)
def test_several_values_of_a_setting_of_the_whole_sweep_are_refused(lab, words, key):
    result = lab("train", "-m", *words)
    assert result.exit_code == 2
    assert f"{key}: got several values, expected one" in " ".join(result.stderr.split())
    assert lab.left() == []


@pytest.mark.parametrize(
    ("word", "way"),
    [
        ("hydra.sweeper.n_trials=5", "choose hydra/sweeper=optuna first"),
        ("hydra.sweeper.sampler._target_=a", "choose hydra/sweeper=optuna first"),
        ("hydra.launcher.n_jobs=2", "choose hydra/launcher=joblib first"),
        (
            "hydra.launcher.timeout_min=2",
            "choose hydra/launcher=submitit_local or submitit_slurm first",
        ),
        ("hydra.launcher.n_jbos=2", "there is no hydra.launcher.n_jbos"),
    ],
)
def test_a_setting_of_an_unselected_launcher_names_the_selection_to_make(lab, word, way):
    result = lab("train", "-m", "seed=1,2", word)
    assert result.exit_code == 2
    assert way in " ".join(result.stderr.split())


def test_a_grid_of_too_many_points_is_refused(lab):
    assert "has more than 100000 values" in lab("train", "-m", "seed=range(1000000000000)").stderr
    many = [f"+a{n}=range(1000)" for n in range(3)]
    assert "got 1000000000 points" in lab("train", "-m", *many).stderr


def test_a_sweep_file_requires_multirun(lab):
    text = "# @package _global_\nhydra: {sweeper: {params: {seed: '4,5'}}}"
    (lab.place / "configs" / "sweep").mkdir(parents=True)
    (lab.place / "configs" / "sweep" / "seeds.yaml").write_text(text)
    alone = lab("train", "+sweep=seeds")
    assert alone.exit_code == 2
    assert "-m" in alone.stderr
    assert lab("train", "sweep=seeds", "-m").exit_code == 0
    assert [c["seed"] for c in lab.configs] == [4, 5]
