"""`hydra/sweeper=optuna`. Oracles: a search that was never killed; the syntax of Hydra."""

import importlib.util
import json
import random
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from darnax.builder.problems import Problems
from darnax.errors import RequestError
from darnax.extras import install_command
from darnax.sweeps.batches import Batches
from darnax.sweeps.membership import Membership
from darnax.sweeps.point import Objective
from darnax.sweeps.record import Record
from darnax.sweeps.search_parts import CLASSES, make_pruner, read_pruner, read_sampler, try_sampler
from darnax.sweeps.search_space import Space, round_drawn
from darnax.sweeps.search_study import OVERRIDES, open_study
from darnax.tracking import Tracker
from darnax.tracking.pruning import Pruned

J_D = "model.layers.hidden.j_d"
SEARCH = [
    "-m",
    "+experiment=first",
    "hydra/sweeper=optuna",
    f"{J_D}=interval(0.2,0.8)",
    "runner.epochs=int(interval(1,9))",
]


class Killed(BaseException):
    """Stands for the end of the process by a kill."""


@pytest.fixture
def lab(lab):
    """A working directory with the shipped configuration of Optuna; J_D = 0.5 is best."""
    shipped = Path(__file__).parents[2] / "configs" / "hydra" / "sweeper" / "optuna.yaml"
    lab.write({"configs/hydra/sweeper/optuna.yaml": shipped.read_text()})
    lab.value = lambda config: 1 - (config["model"]["layers"]["hidden"]["j_d"] - 0.5) ** 2
    return lab


def folder(lab):
    return max(lab.place.glob("outputs/*/sweeps/*"), key=lambda path: path.stat().st_mtime)


def study(place):
    return open_study(place, "maximize")


def drawn(place):
    return [point.overrides for point in Record.read(place).points]


def test_overrides_of_hydra_become_distributions_of_optuna():
    asked = {
        "a=interval(0.3,0.9)": FloatDistribution(0.3, 0.9),
        "b=interval(1,8)": FloatDistribution(1, 8),
        "c=int(interval(1,8))": IntDistribution(1, 8),
        "d=tag(log,interval(1e-5,1))": FloatDistribution(1e-5, 1, log=True),
        "e=range(1,10)": IntDistribution(1, 9),
        "f=range(0,1,0.25)": FloatDistribution(0, 0.75, step=0.25),
        "g=range(0,30,10)": IntDistribution(0, 20, step=10),
        "h=tag(log,range(1,10))": IntDistribution(1, 9, log=True),
        "i=choice(1,[2,3],x)": CategoricalDistribution(["1", "[2,3]", "x"]),
        "+j='x y',z": CategoricalDistribution(["'x y'", "z"]),
    }
    space = Space.of(OverridesParser.create().parse_overrides(["k=3", *asked, "~l"]))
    assert list(space.distributions.values()) == list(asked.values())
    point = space.overrides(dict.fromkeys(space.distributions, 1))
    assert [line.split("=")[0] for line in point] == ["k", *"abcdefghi", "+j", "~l"]
    assert (point[0], point[5], point[-2]) == ("k=3", "e=1", "+j=1")


def test_a_number_of_an_added_mapping_is_searched(lab):
    asked = [*SEARCH[:3], "+model.more={width: 1}", "model.more.width=interval(2.0,3.0)"]
    result = lab("train", *asked, "hydra.sweeper.n_trials=2")
    assert result.exit_code == 0, result.output
    assert all(2 <= config["model"]["more"]["width"] <= 3 for config in lab.configs)


def test_drawn_numbers_are_short_and_within_the_interval():
    assert round_drawn(0.8121973001, FloatDistribution(0.3, 0.9)) == 0.8122
    assert round_drawn(1.23456789e-5, FloatDistribution(1e-5, 1, log=True)) == 1.235e-5
    assert round_drawn(0.9999999, FloatDistribution(0.3, 0.9999999)) == 0.9999999
    assert round_drawn("0.8121973001", CategoricalDistribution(["0.8121973001"])) == "0.8121973001"


def test_every_point_is_drawn_from_the_space_and_recorded_in_the_study(lab):
    result = lab("train", *SEARCH, "model=glob(*)", "hydra.sweeper.n_trials=12")
    assert result.exit_code == 0, result.output
    assert len(lab.configs) == 12
    assert all(
        0.2 <= c["model"]["layers"]["hidden"]["j_d"] <= 0.8 and 1 <= c["runner"]["epochs"] <= 9
        for c in lab.configs
    )
    assert {"width" in c["model"] for c in lab.configs} == {True, False}
    assert [trial.value for trial in study(folder(lab)).trials] == [
        lab.value(config) for config in lab.configs
    ]
    best = max(map(lab.value, lab.configs))
    assert f"12 of 12 points finished · best point {best:.2%}" in result.stdout


def test_a_search_killed_at_point_seven_resumes_as_if_never_killed(lab, monkeypatch):
    """The last two points are drawn by the model, the ones before at random."""
    asked = [*SEARCH, "hydra.sweeper.n_trials=12"]
    lab("train", *asked)
    whole = folder(lab)
    assert len(drawn(whole)) == len(set(drawn(whole))) == 12
    lab.calls.clear()

    def kill_at(calls):
        if len(lab.calls) == calls:
            raise Killed

    lab.fail = lambda config: kill_at(7)  # while it runs
    lab("train", *asked)
    killed = folder(lab)
    assert "6 of 12 points finished" in lab("sweep", "status", str(killed)).stdout
    assert [trial.state.is_finished() for trial in study(killed).trials] == [True] * 6 + [False]

    lab.fail, run = lambda config: None, Batches.run
    with (
        monkeypatch.context() as patch
    ):  # the seventh is done again; the ninth is drawn but not started
        patch.setattr(Batches, "run", lambda *arguments: kill_at(9) or run(*arguments))
        lab("sweep", "resume", str(killed))
    assert len(study(killed).trials) == 9
    with (killed / "study.journal").open("ab") as file:  # while it is written
        file.write(b'{"op_code":6,"wor')

    assert lab("sweep", "resume", str(killed)).exit_code == 0
    assert len(lab.calls) == 13
    assert drawn(killed) == drawn(whole)
    drawn_values = [
        [(trial.params, trial.value) for trial in study(place).trials] for place in (killed, whole)
    ]
    assert drawn_values[0] == drawn_values[1]
    assert lab("sweep", "resume", str(killed)).exit_code == 0
    assert len(lab.calls) == 13


def test_a_search_can_be_extended_and_nothing_else_may_change(lab):
    lab("train", *SEARCH, "hydra.sweeper.n_trials=3", "+debug=quick")
    place, before = folder(lab), drawn(folder(lab))
    result = lab(
        "sweep", "resume", str(place), "hydra.sweeper.n_trials=5", "hydra.sweeper.n_jobs=2"
    )
    assert "5 of 5 points finished" in result.stdout
    assert drawn(place)[:3] == before
    result = lab("sweep", "resume", str(place), "hydra.sweeper.metric=loss")
    assert result.exit_code == 2
    assert "would make it another sweep" in result.stderr
    record = Record.read(place)
    record.overrides[record.overrides.index(f"{J_D}=interval(0.2,0.8)")] = (
        f"{J_D}=interval(0.2,0.9)"
    )
    record.write()
    result = lab("sweep", "resume", str(place), "hydra.sweeper.n_trials=6")
    assert result.exit_code == 2
    assert "was drawn from something else" in result.stderr
    record.overrides.append("hydra.sweeper.metric=loss")
    record.write()
    result = lab("sweep", "resume", str(place), "hydra.sweeper.n_trials=6")
    assert result.exit_code == 2
    assert "had another goal" in result.stderr


def test_a_search_is_extended_whose_points_have_their_overrides_in_another_order(lab, monkeypatch):
    """Those of 0.2.0 had the drawn ones first."""
    with monkeypatch.context() as before:
        overrides = Space.overrides
        before.setattr(Space, "overrides", lambda *asked: overrides(*asked)[::-1])
        lab("train", *SEARCH, "hydra.sweeper.n_trials=2")
    result = lab("sweep", "resume", str(folder(lab)), "hydra.sweeper.n_trials=3")
    assert "3 of 3 points finished" in result.stdout, result.output
    assert len(lab.calls) == 3


def test_a_failing_point_does_not_stop_others_and_is_retried_once(lab):
    def fail(config):
        if config["runner"]["epochs"] < 5:
            raise RuntimeError("no memory left")

    lab.fail = fail
    assert lab("train", *SEARCH, "hydra.sweeper.n_trials=6").exit_code == 1
    place, failed = folder(lab), sum(c["runner"]["epochs"] < 5 for c in lab.configs)
    assert len(lab.calls) == 6
    assert 0 < failed < 6
    for calls in (6 + failed, 6 + failed):
        assert lab("sweep", "resume", str(place)).exit_code == 1
        assert len(lab.calls) == calls
    lab.fail = lambda config: None
    assert lab("sweep", "resume", str(place), "--retry-failed").exit_code == 0
    assert {trial.state for trial in study(place).trials} == {TrialState.COMPLETE}


def test_a_point_that_is_drawn_twice_runs_once(lab):
    result = lab(
        "train", "-m", "hydra/sweeper=optuna", f"{J_D}=0.2,0.5", "hydra.sweeper.n_trials=8"
    )
    assert sorted(c["model"]["layers"]["hidden"]["j_d"] for c in lab.configs) == [0.2, 0.5]
    assert "2 of 2 points finished · best point 100.00% (j_d=0.5)" in result.stdout
    assert len(study(folder(lab)).get_trials(states=[TrialState.COMPLETE])) == 8


@pytest.mark.parametrize(("value", "times"), [("best", 2), ("last", 1)])
def test_the_objective_is_the_best_or_last_value_of_a_metric(lab, value, times):
    goal = [
        "hydra.sweeper.metric=loss",
        "hydra.sweeper.direction=minimize",
        f"hydra.sweeper.value={value}",
    ]
    lab.value = lambda config: config["model"]["layers"]["hidden"][
        "j_d"
    ]  # logged twice: as a loss of -2 j_d, then -j_d
    assert lab("train", *SEARCH, "hydra.sweeper.n_trials=3", *goal).exit_code == 0
    losses = [-times * lab.value(config) for config in lab.configs]
    assert [trial.value for trial in open_study(folder(lab), "minimize").trials] == losses
    assert f"best point {min(losses):.4g} (" in lab("sweep", "status", str(folder(lab))).stdout


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (["hydra/sweeper=optuna", "seed=1"], "got one value for every key"),
        (["hydra/sweeper=optuna", "seed=interval(3,1)"], "seed=interval(3,1): "),
        (["hydra/sweeper=optuna", "seed=tag(log,interval(0,1))"], "seed=tag(log,interval(0,1)): "),
        (["hydra/sweeper=optuna", "sed=1,2"], "there is no sed"),
        (
            ["hydra/sweeper=optuna", "seed=1,2", "paths.data=A,B"],
            "paths.data: got several values, expected one",
        ),
        (
            ["hydra/sweeper=optuna", "seed=1,2", "hydra.sweeper.n_trials=0"],
            "hydra.sweeper.n_trials: got 0",
        ),
        (["hydra/sweeper=optuna", "seed=1,2", "+hydra.sweeper.trials=9"], "did you mean n_trials?"),
        (
            [
                "hydra/sweeper=optuna",
                "seed=1,2",
                "hydra.sweeper.sampler._target_=optuna.samplers.TPESamplr",
            ],
            "TPESampler?",
        ),
        (
            ["hydra/sweeper=optuna", "seed=1,2", "hydra.sweeper.pruner._target_=os.abort"],
            'got "os.abort", expected one of',
        ),
        (
            ["hydra/sweeper=optuna", "seed=1,2", "+hydra.sweeper.sampler.n_startup_trials=x"],
            "hydra.sweeper.sampler: cannot be",
        ),
        (
            ["hydra/sweeper=optuna", "seed=1,2", "+hydra.sweeper.pruner.nope=1"],
            "MedianPruner has no such argument",
        ),
        (
            ["hydra/sweeper=optuna", "++model.x={a: 1},{a: 2}", "++model.x={b: 1},{b: 2}"],
            "give all its values in one override",
        ),
        (
            ["hydra/sweeper=optuna", "seed=1,2", "hydra.sweeper.metric=test/accuracy"],
            "would choose by the test split",
        ),
        (
            ["hydra/sweeper=optuna", "seed=1,2", "+data.name=mnist"],
            "out of training with data.validation=0.1",
        ),
        (
            ["hydra/sweeper=optuna", "+hydra.sweeper.params.seed='range(1,'"],
            "seed=range(1,: cannot be read",
        ),
        (
            ["seed=interval(0,9)"],
            "seed=interval(0,9): an interval has infinitely many values; "
            "search it with hydra/sweeper=optuna",
        ),
    ],
)
def test_an_invalid_search_is_refused_and_leaves_nothing_behind(lab, asked, answer):
    before = lab.left()
    result = lab("train", "-m", *asked)
    assert result.exit_code == 2
    assert answer in " ".join(result.stderr.split())
    assert lab.calls == []
    assert lab.left() == before


def test_a_metric_that_a_run_has_not_logged_is_named(lab):
    result = lab("train", *SEARCH, "hydra.sweeper.metric=accuracy")
    assert result.exit_code == 2
    assert len(lab.calls) == 1
    assert "accuracy was never logged by" in result.stderr


def test_all_choices_and_interval_ends_are_checked_before_the_first_point(lab):
    seen = []

    def refuse(config):
        seen.append((config["model"]["depth"], config["model"]["layers"]["hidden"]["j_d"]))
        if config["model"]["depth"] == 9:
            raise RequestError("too deep")

    lab.refuse = refuse
    before = lab.left()
    result = lab("train", *SEARCH, "model.depth=1,2,9,3")
    assert result.exit_code == 2
    assert "depth=9" in result.stderr
    assert "too deep" in result.stderr
    assert {(1, 0.2), (1, 0.8), (2, 0.2), (9, 0.2), (3, 0.2)} == set(seen)
    assert lab.calls == []
    assert lab.left() == before


NAMED = {
    "a function": {"_target_": "optuna.create_study"},
    "a function that writes": {"_target_": "optuna.storages.JournalStorage"},
    "one in an argument": {
        "_target_": "optuna.samplers.TPESampler",
        "gamma": {"_target_": "optuna.logging.enable_propagation"},
    },
    "one deeper": {
        "_target_": "optuna.samplers.PartialFixedSampler",
        "fixed_params": {
            "x": [{"_target_": "optuna.artifacts.FileSystemArtifactStore", "base_path": "here"}]
        },
        "base_sampler": {"_target_": "optuna.samplers.RandomSampler"},
    },
    "one of another package": {"_target_": "optuna.samplers._tpe.sampler.np.load", "file": "x"},
    "an interface": {"_target_": "optuna.samplers.BaseSampler"},
    "a number": {"_target_": 3},
}


@pytest.mark.parametrize("node", NAMED.values(), ids=NAMED)
def test_only_samplers_and_pruners_of_optuna_are_allowed(node):
    problems = Problems()
    assert read_sampler(node, problems) is None
    assert "expected one of Optuna's samplers or pruners" in str(problems.found[0])
    with pytest.raises(RequestError):
        make_pruner(Objective(pruner=node))


IMPORTS = {
    "optuna.samplers.CmaEsSampler": "cmaes",
    "optuna.samplers.GPSampler": "torch",
    "optuna.samplers.QMCSampler": "scipy",
}


@pytest.mark.parametrize(
    "target",
    [name for name in CLASSES if "Sampler" in name and "Fixed" not in name and "Grid" not in name],
)
def test_every_sampler_draws_or_names_its_missing_requirement(target):
    problems = Problems()
    sampler = read_sampler({"_target_": target}, problems)
    problems.raise_if_any()
    lacks = IMPORTS.get(target)
    refuses = lacks is not None and importlib.util.find_spec(lacks) is None
    with pytest.raises(RequestError, match=str(lacks)) if refuses else nullcontext():
        try_sampler(sampler, None, {"x": FloatDistribution(0, 1, step=0.05)}, 12)


def test_samplers_and_pruners_may_be_nested():
    problems = Problems()
    inner = {"_target_": "optuna.samplers.TPESampler", "multivariate": True}
    sampler = read_sampler(
        {
            "_target_": "optuna.samplers.PartialFixedSampler",
            "fixed_params": {"x": 0.5},
            "base_sampler": inner,
        },
        problems,
    )
    wrapped = {"_target_": "optuna.pruners.MedianPruner"}
    pruner = read_pruner(
        {"_target_": "optuna.pruners.PatientPruner", "wrapped_pruner": wrapped, "patience": 2},
        problems,
    )
    problems.raise_if_any()
    try_sampler(sampler, pruner, {"x": FloatDistribution(0, 1), "y": IntDistribution(1, 3)}, 12)


@pytest.fixture
def journal(tmp_path) -> Path:
    """The journal of a search with four trials."""
    found = open_study(tmp_path, "maximize")
    for n in range(4):
        trial = found.ask({"x": FloatDistribution(0, 1)})
        trial.set_user_attr(OVERRIDES, [f"x={n}"])
        found.tell(trial, n)
    return tmp_path / "study.journal"


def test_a_modified_journal_is_read_or_refused_with_a_message(journal):
    whole = journal.read_bytes()
    draw = random.Random(0)
    refusals = []
    for _ in range(120):
        changed = bytearray(whole)
        for _ in range(draw.choice([1, 2, 20])):
            changed[draw.randrange(len(whole))] = draw.randrange(256)
        journal.write_bytes(bytes(changed))
        try:
            open_study(journal.parent, "maximize").get_trials()
        except RequestError as error:
            refusals.append(str(error))
    assert len(refusals) > 60
    assert all(
        message.startswith(f"{journal}: is damaged (") and len(message.splitlines()) == 1
        for message in refusals
    )


@pytest.mark.parametrize("name", ["study.journal", ".study.journal.lock"])
def test_a_study_is_not_written_through_a_link(tmp_path, name):
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / name).symlink_to(tmp_path / "victim")
    with pytest.raises(RequestError, match=r"study\.journal"):
        open_study(tmp_path / "sweep", "maximize")
    assert (tmp_path / "victim").read_text() == "precious"


def test_a_search_is_resumed_beside_its_configurations(lab, monkeypatch, tmp_path):
    lab.write({"configs/experiment/first.yaml": "# @package _global_\nname: first"})
    assert lab("train", *SEARCH, "hydra.sweeper.n_trials=2").exit_code == 0
    place = folder(lab)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    result = lab("sweep", "resume", str(place), "hydra.sweeper.n_trials=3")
    assert result.exit_code == 2
    assert f"go there: cd {lab.place}" in result.stderr
    monkeypatch.chdir(lab.place)
    assert lab("sweep", "resume", str(place), "hydra.sweeper.n_trials=3").exit_code == 0


def test_a_search_from_a_file_is_resumed_without_the_file(lab):
    config = {
        "name": "mine",
        "seed": 0,
        "model": {"depth": 7, "layers": {"hidden": {"j_d": 0.5}}},
        "width": "${model.depth}",
    }
    lab.write(
        {
            "base.yaml": json.dumps(
                config
                | {"paths": {"outputs": "outputs", "data": "~/sets"}, "runner": {"epochs": 2}}
            )
        }
    )
    asked = [
        "-m",
        "--config",
        "base.yaml",
        "hydra/sweeper=optuna",
        f"{J_D}=interval(0.2,0.8)",
        "model.depth=3,4",
    ]
    own = (lab.place / "configs/hydra/sweeper/optuna.yaml").read_text()
    lab.write_packaged({"hydra/sweeper/optuna.yaml": own})
    result = lab("train", *asked, "hydra.sweeper.n_trials=2")
    assert result.exit_code == 0, result.output
    (lab.place / "base.yaml").unlink()
    result = lab("sweep", "resume", str(folder(lab)), "hydra.sweeper.n_trials=4")
    assert result.exit_code == 0, result.output
    assert len(lab.configs) == 4
    assert all(config["width"] == config["model"]["depth"] in (3, 4) for config in lab.configs)


def test_without_optuna_the_message_names_the_package_to_install(lab, monkeypatch):
    for module in [
        name
        for name in sys.modules
        if name.split(".")[0] == "optuna" or name.startswith("darnax.sweeps.search")
    ]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "optuna", None)
    result = lab("train", *SEARCH)
    assert result.exit_code == 2
    what = f"needs Optuna, which is not installed; {install_command('sweeps')}"
    assert f"hydra/sweeper=optuna: {what}" in result.stderr


def test_equal_seeds_draw_equal_points_and_others_do_not(lab):
    for seed in ("0", "0", "1"):
        lab("train", *SEARCH, "hydra.sweeper.n_trials=2", f"hydra.sweeper.seed={seed}")
    places = sorted(lab.place.glob("outputs/*/sweeps/*"), key=lambda path: path.stat().st_mtime)
    assert drawn(places[0]) == drawn(places[1])
    assert not set(drawn(places[0])) & set(drawn(places[2]))


def test_no_more_points_are_drawn_if_the_first_ones_are_refused(lab):
    def fail(config):
        raise RequestError("no such units")

    lab.fail = fail
    before = lab.left()
    assert lab("train", *SEARCH).exit_code == 2
    assert len(lab.calls) == 3
    assert lab.left() == before


class RecordingTracker(Tracker):
    def __init__(self):
        self.rows = []

    def log(self, metrics, *, step, epoch):
        self.rows.append((epoch, metrics["eval/accuracy"]))

    def finish(self, summary): ...


PRUNER = {"_target_": "optuna.pruners.ThresholdPruner", "lower": 0.5}


def tracker_of_point(place, pruner, overrides):
    """Return the tracker of a run whose point was drawn with the override seed=1."""
    record = Record(
        place / "sweep", ["seed=1"], None, place, ["darnax"], [], goal=Objective(pruner=pruner)
    )
    open_study(record.folder, "maximize").ask().set_user_attr(OVERRIDES, ["seed=1"])
    run = record.folder / "run"
    run.mkdir()
    (run / "overrides.yaml").write_text(str(overrides))
    recorder = RecordingTracker()
    return recorder, Membership(record).judge(recorder, run, epochs=4)


def test_pruning_is_decided_after_every_epoch_but_the_last(tmp_path):
    recorder, tracker = tracker_of_point(tmp_path, PRUNER, ["seed=1"])
    for epoch, accuracy in (
        (0.5, 0.1),
        (1.0, 0.6),
        (1.0, 0.6),
        (1.5, 0.1),
    ):  # a resumed run logs an epoch again
        tracker.log({"eval/accuracy": accuracy}, step=0, epoch=epoch)
    with pytest.raises(Pruned):
        tracker.log({"eval/accuracy": 0.4}, step=0, epoch=2.0)
    tracker.log({"eval/accuracy": 0.1}, step=0, epoch=4.0)
    assert [epoch for epoch, _ in recorder.rows] == [0.5, 1.0, 1.0, 1.5, 2.0, 4.0]
    (trial,) = study(tmp_path / "sweep").trials
    assert trial.intermediate_values == {0: 0.6, 1: 0.4}


@pytest.mark.parametrize(
    ("pruner", "overrides"),
    [(None, ["seed=1"]), (PRUNER, ["seed=2"])],
    ids=["no pruner", "no trial"],
)
def test_a_run_without_a_pruner_continues(tmp_path, pruner, overrides):
    recorder, tracker = tracker_of_point(tmp_path, pruner, overrides)
    assert tracker is recorder


def test_a_sweeper_file_with_the_class_of_0_1_0_is_a_search(lab):
    """Oracle: the `_target_` of the file that version 0.1.0 shipped."""
    file = lab.place / "configs" / "hydra" / "sweeper" / "optuna.yaml"
    file.write_text(file.read_text().replace("darnax.sweeps.search", "darnax.cli.search"))
    assert lab("train", *SEARCH, "hydra.sweeper.n_trials=2").exit_code == 0
    assert len(lab.configs) == 2
