"""A foreign configuration runs no code, reads no secret. Oracle: files that a decoy would write."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from sampling import one_of
from small_experiments import TASK

from darnax.builder.targets import find
from darnax.composing import secrets
from darnax.errors import RequestError
from darnax.runner.run_folder import RunFolder
from darnax.sweeps.point import Point
from darnax.sweeps.record import Record

BAIT = "lurking"
KEY = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def bait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an importable package, and the file that its import creates."""
    marker, place = tmp_path / "imported", tmp_path / "packages"
    place.mkdir()
    (place / f"{BAIT}.py").write_text(
        f"open({str(marker)!r}, 'w').close()\nfrom darnax.rules import Rule\n"
        "class Anti(Rule):\n    def signal(self, y, h):\n        return -y\n"
    )
    monkeypatch.syspath_prepend(place)
    return marker


def with_bait(config: dict[str, Any]) -> dict[str, Any]:
    config["trust"] = [BAIT]
    del config["model"]["adapters"]["w_in"]["threshold"]
    config["model"]["adapters"]["w_in"]["rule"] = {"_target_": f"{BAIT}.Anti"}
    return config


def written(config: dict[str, Any], name: str) -> Path:
    Path(name).write_text(yaml.safe_dump(config, sort_keys=False))
    return Path(name)


def run_folder(config: dict[str, Any], status: str = "interrupted") -> Path:
    folder = RunFolder.create(Path("outputs"), "task", config, [], command=["darnax"])
    folder.write_summary(status=status)
    return folder.path


def sweep_folder(config: dict[str, Any]) -> Path:
    file = written(config, "foreign.yaml").absolute()
    overrides = ["trust=[lurking]", "seed=1,2"]
    points = [
        Point((f"trust=[{BAIT}]", f"seed={seed}"), config | {"seed": seed}) for seed in (1, 2)
    ]
    record = Record(Path("sweep").absolute(), overrides, file, Path.cwd(), ["darnax"], points)
    record.write()
    return record.folder


@pytest.mark.parametrize(
    "way", ["config", "sweep from a config", "resume", "eval", "sweep resume", "cite", "analyse"]
)
def test_a_file_cannot_grant_trust(darnax, task, bait, way):
    config = with_bait(task)
    written(config, "config.yaml")
    commands = {
        "config": lambda: ["train", "--config", "config.yaml"],
        "sweep from a config": lambda: ["train", "-m", "--config", "config.yaml", "seed=1,2"],
        "resume": lambda: ["train", "--resume", run_folder(config)],
        "eval": lambda: ["eval", run_folder(config)],
        "cite": lambda: ["cite", run_folder(config)],
        "analyse": lambda: ["analyse", run_folder(config)],
        "sweep resume": lambda: ["sweep", "resume", sweep_folder(config)],
    }
    command = commands[way]()
    before = sorted(Path.cwd().rglob("*"))
    result = darnax(*command)
    assert result.exit_code in (1, 2), result.output
    assert f"trust=[{BAIT}]" in result.output
    assert not bait.exists()
    assert [
        path
        for path in sorted(Path.cwd().rglob("*"))
        if path not in before and path.suffix == ".safetensors"
    ] == []


def test_a_run_resumes_with_repeated_trust_and_stores_no_secret(
    darnax, bait, tmp_path, monkeypatch
):
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    rule = f"+model.adapters.w_in.rule={{_target_: {BAIT}.Anti}}"
    words = [*TASK, "model.depth=1", f"trust=[{BAIT}]", "~model.adapters.w_in.threshold", rule]
    assert (result := darnax("train", *words)).exit_code == 0, result.output
    assert bait.exists()
    (run,) = (folder for folder in Path("outputs/digits_smoke").iterdir())
    assert [
        path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()
    ] == []
    RunFolder(run).write_summary(status="interrupted")
    refused = darnax("train", "--resume", run)
    assert refused.exit_code == 2
    assert f"'trust=[{BAIT}]'" in refused.output
    assert darnax("train", "--resume", run, "trust=[other]").exit_code == 2
    assert (result := darnax("train", "--resume", run, f"trust=[{BAIT}]")).exit_code == 0, (
        result.output
    )


def test_the_command_to_resume_contains_trust(task, monkeypatch):
    from types import SimpleNamespace

    from darnax.laboratory import training
    from darnax.laboratory.display import SILENT
    from darnax.runner import train
    from darnax.runner.stop_signals import Interrupted

    folder = RunFolder(run_folder(task))

    def stop(*_, **__):
        raise Interrupted(2, folder.path)

    monkeypatch.setattr(train, "train", stop)
    data = SimpleNamespace(encode=SimpleNamespace(fits=False), labels=None)
    experiment: Any = SimpleNamespace(config={"trust": ["yours", "mylab"]}, data=data)
    with pytest.raises(Interrupted) as caught:
        training.run([(experiment, folder)], None, SILENT, None)  # type: ignore[arg-type]
    assert caught.value.resume == f"darnax train --resume {folder.path} 'trust=[mylab,yours]'"


ALLOWED = [
    "darnax.modules.RecurrentDiscrete",
    "darnax.modules.recurrent.RecurrentDiscrete",
    "darnax.rules.Hebbian",
    "darnax.states.PackedState",
    "darnax.orchestrators.ParallelOrchestrator",
    "darnax.data.Associations",
    "darnax.data.Scale",
    "optax.sgd",
    "optax.contrib.prodigy",
]
FORBIDDEN = [
    "os.system",
    "builtins.eval",
    "subprocess.Popen",
    "pathlib.Path",
    "hydra.utils.instantiate",
    "jax.numpy.load",
    "numpy.load",
    "darnax.builder.build.Path",
    "darnax.builder.build.build",
    "darnax.builder.deferred_call.DeferredCall",
    "darnax.builder.targets.import_module",
    "darnax.builder.optimizers.jax.numpy.load",
    "darnax.rules.perceptron.jnp.load",
    "darnax.modules.recurrent.jax",
    "darnax.runner.environment.subprocess.run",
    "darnax.runner.run_folder.RunFolder.create",
    "darnax.runner.run_folder.RunFolder",
    "darnax.tracking.jsonl.Jsonl",
    "darnax.tracking.wandb.WandB",
    "darnax.atomic.write_atomically",
    "darnax.data.sources.os.system",
    "darnax.data.cache.shutil.rmtree",
    "darnax.data.prepare",
    "darnax.data.reader.Reader",
    "darnax.cli.app.app",
    "darnax.cli.app.main",
    "darnax.cli.data.Path",
    "darnax.modules.RecurrentDiscrete.mro",
    "darnax.modules.RecurrentDiscrete.__init__.__globals__",
    "darnax.__builtins__.eval",
    "darnax.modules",
    "darnax.modules.",
    "darnax..modules.OutputLayer",
    "darnax.modules.OutputLayer()",
    "darnax.modules.Layer",
    "optax.jax.numpy.load",
    "optax.jnp.load",
    "optax._src.base.jax",
    "optax.transforms.functools.partial",
    "optax.contrib.jax",
    "optax.__loader__.load_module",
    "optax.sgd.__globals__",
    "optax.nadam.func",
    "optax.optax_test",
    "optax.contrib._muon.jax",
    "optax.schedules.WrappedSchedule",
    "optax.GradientTransformation",
    "optax.MultiSteps",
    "optax.apply_updates",
    "optax.losses.l2_loss",
    "optax.projections.projection_simplex",
    "optax.tree.map_params",
    "optax.tree_utils.tree_map_params",
    "optax.perturbations.make_perturbed_fun",
    "optax.microbatching.microbatch",
    "optax.inject_hyperparams",
    "optax.contrib.hutchinson_estimator_diag_hessian",
    "optax.value_and_grad_from_state",
    "optax",
    "",
    None,
    3,
    ["optax.sgd"],
]


@pytest.mark.parametrize("target", ALLOWED)
def test_targets_of_darnax_and_optax_are_accepted(target):
    assert callable(find(target, ()))


@pytest.mark.parametrize("target", FORBIDDEN)
def test_other_targets_are_refused(target):
    with pytest.raises(ValueError, match=r"."):
        find(target, ())


def test_a_class_that_writes_files_is_not_accepted_as_source(darnax, task, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious\n")
    task["data"]["source"] = {"_target_": "darnax.tracking.jsonl.Jsonl", "path": str(victim)}
    written(task, "config.yaml")
    result = darnax("train", "--config", "config.yaml")
    assert result.exit_code == 2
    assert "data.source._target_" in result.output
    assert victim.read_text() == "precious\n"


FOREIGN = {
    "hydra's node": ({"hydra": {"sweeper": {"_target_": "os.system"}}}, "has the key hydra"),
    "a defaults list": ({"defaults": [{"override /model": "conv"}]}, "has the key defaults"),
    "an environment variable": ({"name": "${oc.env:MY_TOKEN}"}, "cannot look anything up"),
    "a variable with a default": ({"name": "${oc.env:MY_TOKEN,x}"}, "cannot look anything up"),
    "a variable inside a string": (
        {"tracking": {"wandb": {"mode": "offline", "project": "a-${oc.env:MY_TOKEN}"}}},
        "look anything up",
    ),
    "an escaped variable": ({"name": "\\${oc.env:MY_TOKEN}"}, "cannot look anything up"),
    "a decoder": ({"name": "${oc.decode:'${seed}'}"}, "cannot look anything up"),
    "an unknown resolver": ({"name": "${${seed}:x}"}, "cannot look anything up"),
    "a name outside of the outputs": ({"name": ".."}, "expected a name for a folder"),
    "a name with a path": ({"name": "../../x"}, "expected a name for a folder"),
    "a dataset outside of its folder": ({"data": {"name": "../../x", "source": None}}, "data.name"),
    "an absolute dataset": ({"data": {"name": "/etc", "source": None}}, "data.name"),
    "a dataset of another namespace": (
        {"data": {"name": "huggingface:x/y", "source": None}},
        "data.name",
    ),
}


@pytest.mark.parametrize("many", one_of(2, [[], ["-m", "runner.keep=1,2"]]), ids=["one", "sweep"])
@pytest.mark.parametrize(("changes", "says"), one_of(2, list(FOREIGN.values())), ids=FOREIGN.keys())
def test_a_foreign_file_opens_no_other_file(
    darnax, task, monkeypatch, tmp_path, changes, says, many
):
    monkeypatch.setenv("MY_TOKEN", "a-secret-word")
    merged = {
        name: {**task[name], **value} if name in task and isinstance(value, dict) else value
        for name, value in changes.items()
    }
    written(task | merged, "foreign.yaml")
    before = sorted(tmp_path.rglob("*"))
    result = darnax("train", "--config", "foreign.yaml", *many)
    assert result.exit_code == 2, result.output
    assert says in result.output
    assert "a-secret-word" not in result.output
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "line",
    ["# @package hydra", "seed: 0 #\u2028# @package hydra", "#\x85# @package hydra.job.env_set"],
)
def test_a_package_comment_in_a_foreign_file_has_no_effect(darnax, task, line):
    file = written(task, "foreign.yaml")
    text = file.read_text()
    if not line.startswith("#"):
        text = text.replace("seed: 0", "", 1)
    file.write_text(f"{line}\n{text}")
    result = darnax("train", "--config", file, "--cfg", "job")
    assert result.exit_code in (0, 2)
    assert result.exit_code == 2 or yaml.safe_load(result.output)["model"] == task["model"]


def test_a_file_with_exponential_aliases_is_refused(darnax, task):
    bomb = "\n".join(
        ["a0: &a0 [x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12))]
    )
    Path("config.yaml").write_text(bomb)
    assert "aliases" in darnax("train", "--config", "config.yaml").output
    run = run_folder(task)
    (run / "config.yaml").write_text(bomb)
    for command in (["train", "--resume", run], ["eval", run]):
        result = darnax(*command)
        assert result.exit_code == 2
        assert "aliases" in result.output


@pytest.mark.parametrize("part", ["launcher", "sweeper"])
def test_a_launcher_creates_no_objects(darnax, tmp_path, part):
    marker = tmp_path / "made"
    node = f"+hydra.{part}.bait={{_target_: pathlib.Path.touch, _args_: ['{marker}']}}"
    result = darnax("train", "-m", *TASK, "seed=1,2", node)
    assert result.exit_code == 2
    assert "no `_target_` inside" in result.output
    assert not marker.exists()
    assert not Path("outputs").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["tracking.wandb.project=${oc.env:MY_TOKEN}"],
        ["tracking.wandb.project=${oc.decode:\"'0123456789abcdef'\"}-${oc.env:MY_TOKEN}"],
        [f"++tracking.wandb.tags=[x-{KEY}]"],
        [f"+tracking.wandb.{KEY}=1"],
        [f"+tracking.wandb={{{KEY}: 1}}"],
        [f"name={KEY}", "name=other"],  # which the configuration would not hold
        [f"name=choice({KEY},b)", "-m"],
        [
            f"hydra.launcher.setup=[export A={KEY}]",
            "hydra/launcher=submitit_slurm",
            "seed=1,2",
            "-m",
        ],
        ["--config", KEY],
    ],
)
def test_a_secret_is_not_written_down(darnax, monkeypatch, words):
    monkeypatch.setenv("MY_TOKEN", f"{KEY}\n")
    result = darnax("train", *TASK, *words)
    assert result.exit_code == 2
    assert "$MY_TOKEN" in result.output
    assert KEY not in result.output
    assert not Path("outputs").exists()


@pytest.mark.parametrize(
    ("secret", "word"),
    [
        ("it's, (a secret)", "name='it\\'s, (a secret)'"),
        ("comma, and space", r"name=comma\, and space"),
        ("comma, and space", r"name=choice(comma\, and space, b)"),
        ('say "please"', 'name="say \\"please\\""'),
        ("12345678", "seed=12345678"),
        ("12345678.5", "+x={a: [0, 12345678.5]}"),
    ],
)
def test_a_secret_is_recognised_in_any_quoting(monkeypatch, secret, word):
    monkeypatch.setenv("SOME_PASSWORD", secret)
    with pytest.raises(RequestError) as caught:
        secrets.require_none(["seed=3", word])
    assert str(caught.value).startswith("argument 2: contains the value of $SOME_PASSWORD")
    secrets.require_none(["seed=3", "name=other"])


def test_a_numeric_secret_is_in_no_configuration(monkeypatch):
    monkeypatch.setenv("PIN_KEY", "12345678")
    assert [
        problem.where
        for problem in secrets.find_exposed({"a": {"b": [0, 12345678]}, "c": {"12345678": 1}})
    ] == [
        "a.b.1",
        "c.$PIN_KEY",
    ]


def test_the_command_line_is_recorded_without_secrets(monkeypatch):
    monkeypatch.setenv("SOME_PASSWORD", "correct horse")
    monkeypatch.setenv("SHORT_KEY", "1")
    assert secrets.mask(["darnax", "train", "a=correct horse1"]) == [
        "darnax",
        "train",
        "a=$SOME_PASSWORD1",
    ]


@pytest.mark.parametrize("command", ["resume", "eval"])
@pytest.mark.parametrize(
    "name",
    ["train.log", "metrics.jsonl", "confusion.svg", "summary.json", "checkpoints", "checkpoints/x"],
)
def test_a_link_in_a_run_folder_is_refused(darnax, task, tmp_path, name, command):
    run = run_folder(task)
    victim = tmp_path / "victim"
    victim.write_text("precious\n")
    place = run / name
    place.rmdir() if place.is_dir() else place.unlink(missing_ok=True)
    place.symlink_to(victim)
    result = darnax(*(["train", "--resume"] if command == "resume" else ["eval"]), run)
    assert result.exit_code == 2
    assert f"{name}: is a link" in result.output
    assert victim.read_text() == "precious\n"


@pytest.mark.parametrize(
    "name",
    [
        "../mnist",
        "/etc",
        "mnist/../../x",
        "a:b/c",
        "huggingface:x",
        "mnist/",
        ".",
        "",
        "mnist\n",
        "~/x",
    ],
)
@pytest.mark.parametrize("command", ["show", "prepare"])
def test_a_dataset_name_cannot_be_a_path(darnax, tmp_path, command, name):
    result = darnax("data", command, "--directory", tmp_path / "sets", "--", name)
    assert result.exit_code == 2, result.output
    assert "data.name" in result.output or "known dataset" in result.output
    assert not (tmp_path / "sets").exists()


def test_outputs_of_different_names_stay_in_outputs(darnax, task):
    for name in ("a", "a.b", "ä+1", "x" * 200):
        place = RunFolder.create(Path("outputs"), name, task, [], command=[]).path
        assert os.path.realpath(place).startswith(os.path.realpath("outputs") + os.sep)
    with pytest.raises(RequestError):
        RunFolder.create(Path("outputs"), "x" * 300, task, [], command=[])


@pytest.mark.parametrize("beside", ["summary.json", "sweep.json", "composed.yaml", "notes.txt"])
def test_configurations_inside_a_run_folder_are_not_used(tmp_path, monkeypatch, beside):
    from darnax.composing import config_folders

    (tmp_path / "configs").mkdir()
    (tmp_path / beside).touch()
    monkeypatch.chdir(tmp_path)
    assert (tmp_path / "configs" in config_folders.config_folders()) is (beside == "notes.txt")
