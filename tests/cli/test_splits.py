"""Which split chooses and which only reports. Oracle: the configuration, and the logged rows."""

import csv
import json
from pathlib import Path

import pytest
from synthetic_sources import Blobs, ChosenByTest
from typer.testing import CliRunner

from darnax.cli.app import app
from darnax.data import Dataset
from darnax.errors import RequestError
from darnax.laboratory.splits import has_validation

BLOBS = {"_target_": "synthetic_sources.Blobs"}
ASSOCIATIONS = {"_target_": "darnax.data.Associations", "inputs": 10, "outputs": 2, "load": 0.5}
OURS = [
    "+experiment=digits_smoke",
    "trust=[synthetic_sources]",
    "data.classes=3",
    "data.batch_size=5",
    "data.per_class=null",
]
SMALL = [
    *OURS,
    "model.depth=1",
    "model.features=30",
    "runner.epochs=2",
    "tracking=local",
    "data.validation=0",
]


def configured(**data):
    return {
        "data": {"name": "mnist", "validation": 0, "source": None} | data,
        "trust": ["synthetic_sources"],
    }


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (configured(), False),
        (configured(validation=10), True),
        (configured(source=ASSOCIATIONS), True),
        (configured(source=BLOBS), False),
        (configured(source=BLOBS | {"validates": True}), True),
        (configured(source=BLOBS, validation=6), True),
    ],
)
def test_a_validation_split_is_recognised_in_the_configuration(config, expected, tmp_path):
    assert has_validation(config | {"paths": {"data": str(tmp_path)}}) is expected


def test_a_test_split_is_not_accepted_as_validation_split():
    with pytest.raises(
        RequestError, match=r"data\.source: chosen by test has its test split as validation split"
    ):
        ChosenByTest().open()


def test_a_copy_of_the_test_split_is_not_accepted_as_validation_split():
    train, kept_out = Blobs().split(0), Blobs().split(1)
    with pytest.raises(RequestError, match="has its test split as validation split"):
        Dataset("copied", train, kept_out, Blobs().split(1), tuple("abc"))
    Dataset("recalled", train, Blobs().split(0), Blobs().split(0), tuple("abc"))


def darnax(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, [*map(str, words)], prog_name="darnax")
    assert result.exit_code == code, result.output
    return result.output


def source(**arguments) -> str:
    return (
        f"+data.source={json.dumps(BLOBS | arguments)}".replace('"', "")
        .replace(":", ": ")
        .replace("+", "", 1)
    )


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def only_run(place: Path) -> Path:
    (run,) = (path.parent for path in place.glob("outputs/*/*/config.yaml"))
    return run


def test_without_validation_split_the_last_network_is_kept_and_tested(place):
    shown = darnax("train", *SMALL, source())
    run = only_run(place)
    names = [
        name
        for line in (run / "metrics.jsonl").read_text().splitlines()
        for name in json.loads(line)
    ]
    assert not [name for name in names if name.startswith("eval/")]
    assert names.count("test/accuracy") == 1
    assert not (run / "checkpoints" / "best.safetensors").exists()
    assert json.loads((run / "summary.json").read_text())["best"] == {}
    metrics = json.loads((run / "summary.json").read_text())["metrics"]
    assert f"test {metrics['test/accuracy']:.2%}" in shown
    assert (
        len([line for line in shown.splitlines() if line.startswith("epoch") and "train" in line])
        == 2
    )
    assert f"accuracy {metrics['test/accuracy']:.2%}" in darnax(
        "eval", run, "trust=[synthetic_sources]"
    )
    # A single run is not compared with others, so its score on the test split is shown.
    assert "test/accuracy" in darnax("compare", "outputs")
    # A metric that was not logged is reported with a remedy.
    missing = darnax("compare", "outputs", "--metric", "eval/accuracy", code=2)
    assert "--metric test/accuracy" in " ".join(missing.split())
    reported = darnax(
        "compare",
        "outputs",
        "--metric",
        "test/accuracy",
        "--csv",
        "table.csv",
        "--html",
        "page.html",
    )
    assert "test/accuracy is reported in the order of the configurations" in reported
    assert not [
        word for line in reported.splitlines() for word in line.split() if word in ("p", "best")
    ]
    (again,) = csv.DictReader((place / "table.csv").read_text().splitlines())
    assert (float(again["test/accuracy"]), again["p"]) == (metrics["test/accuracy"], "")
    assert "would choose by the test split" in darnax(
        "compare", "outputs", "--metric", "test/accuracy", "--lower", code=2
    )
    assert "would choose by the test split" in darnax(
        "compare", "outputs", "--metric", "test/accuracy", "--best", code=2
    )


def test_a_best_network_chosen_by_the_test_split_is_not_used(place):
    darnax("train", *SMALL, source(), "runner.checkpoint_every=1")
    run = only_run(place)
    first = min((run / "checkpoints").glob("step-*.safetensors"))
    (run / "checkpoints" / "best.safetensors").write_bytes(first.read_bytes())
    last_accuracy = json.loads((run / "summary.json").read_text())["metrics"]["test/accuracy"]
    shown = darnax("eval", run, "trust=[synthetic_sources]")
    assert "best.safetensors was chosen by the test images, as in earlier versions" in shown
    assert f"accuracy {last_accuracy:.2%}" in shown
    assert "chosen by the test images" in darnax(
        "eval", run, "trust=[synthetic_sources]", "data.validation=6"
    )


def test_the_best_network_is_chosen_by_the_validation_split(place):
    darnax("train", *SMALL, source(), "data.validation=9")
    run = only_run(place)
    assert json.loads((run / "summary.json").read_text())["best"].keys() == {"eval/accuracy"}
    assert (run / "checkpoints" / "best.safetensors").is_file()
    assert len(Blobs().open().train) == 30
    assert "chosen by the test images" not in darnax("eval", run, "trust=[synthetic_sources]")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["+data.test=5"], "data.test: blobs has a test split of its own, of 30; leave it out"),
        (["+data.resize=[8,8]"], "data.resize: has no effect on these data"),
        (["data.validation=1.5"], "data.validation: got 1.5, expected 0, a number of examples, or"),
        (
            ["data.validation=9", "+data.source.validates=true"],
            "data.validation: got 9, expected 0: blobs has a validation split",
        ),
        (
            ["data.validation=30"],
            "data.validation: got 30, expected fewer than the 30 examples of train",
        ),
        (["data.per_class=11"], "data.per_class: got 11, expected at most 10"),
    ],
)
def test_data_settings_apply_to_a_source_or_are_refused_before_a_folder_is_created(
    place, asked, message
):
    assert message in " ".join(darnax("train", *SMALL, source(), *asked, code=2).split())
    assert not (place / "outputs").exists()


def test_a_source_larger_than_memory_is_streamed(place):
    darnax("train", *SMALL, source(), "data.memory_gib=0.00003", "data.validation=0.2")
    summary = json.loads((only_run(place) / "summary.json").read_text())
    # A window is a quarter of it: 10 images of 784 bytes. A share of 0.2 keeps 2 of 10 of every
    # class, so that 24 are left: 3 windows of 8, with one whole batch of 5 each.
    assert summary["steps"] == 2 * 3
    said = darnax(
        "train",
        *SMALL,
        source(),
        "data.memory_gib=0.00003",
        "data.validation=0",
        "runner.replicas=2",
        code=2,
    )
    assert "every seed streams data in an order of its own" in " ".join(said.split())


def test_data_settings_select_examples_of_a_source(place):
    darnax(
        "train",
        *SMALL,
        source(),
        "data.only_classes=[2,0]",
        "data.classes=2",
        "data.per_class=5",
        "data.validation=4",
    )
    summary = json.loads((only_run(place) / "summary.json").read_text())
    assert summary["steps"] == 2 * (2 * 5) // 5


def test_replicas_with_streamed_data_are_refused_before_a_folder_is_created(
    place, mnist_directory, monkeypatch
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(mnist_directory))
    words = [
        "+experiment=digits_smoke",
        "data.per_class=null",
        "data.memory_gib=0.001",
        "runner.replicas=2",
        "tracking=local",
    ]
    message = "runner.replicas: got 2, but every seed streams data in an order of its own"
    assert message in " ".join(darnax("train", *words, code=2).split())
    assert not (place / "outputs").exists()


@pytest.mark.slow
def test_replicas_with_resident_data_equal_separate_runs(place):
    few = [*SMALL, source(), "data.validation=9", "runner.epochs=1"]
    numbers = {}
    for more in (["seed=3"], ["seed=4"], ["seed=3", "runner.replicas=2"]):
        darnax("train", *few, *more)
        (new,) = {path.parent for path in place.glob("outputs/*/*/summary.json")} - numbers.keys()
        numbers[new] = json.loads((new / "summary.json").read_text())["metrics"]
    one, other, both = numbers.values()
    for name in ("norm/w_in", "update/w_out", "eval/accuracy", "test/accuracy", "unstable/w_in"):
        assert both[name] == pytest.approx((one[name] + other[name]) / 2, rel=1e-4, abs=1e-6), name
