"""Errors in data settings are reported before training. Oracle: `darnax train` of the point."""

import sys
from pathlib import Path

import pytest
import synthetic_sources
from typer.testing import CliRunner, Result

from darnax.cli.app import app
from darnax.laboratory import training
from darnax.sweeps import data_checks
from darnax.sweeps.point import Point

BASE = ["+experiment=digits_smoke", "data.per_class=null", "tracking=local", "model.features=30"]
BLOBS = [
    "trust=[synthetic_sources]",
    "data.source={_target_: synthetic_sources.Blobs}",
    "data.classes=3",
]
OURS = [*BASE, *BLOBS, "data.batch_size=5", "data.validation=0"]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "sets"))
    return tmp_path / "work"


def darnax(*words: str) -> Result:
    return CliRunner().invoke(app, ["train", *words], prog_name="darnax")


def error_text(result: Result) -> str:
    assert result.exit_code == 2, result.output
    return " ".join(result.output.split())


WRONG = {
    "data.batch_size=5,31": ("batch_size=31", "got 31, expected at most 30"),
    "data.validation=0,30": (
        "validation=30",
        "got 30, expected fewer than the 30 examples of train",
    ),
    "data.per_class=3,11": ("per_class=11", "got 11, expected at most 10"),
    "+data.source.validates=true data.validation=0,6": (
        "validation=6",
        "has a validation split of its own",
    ),
    "+data.source.examples=30,4": ("examples=4", "data.batch_size: got 5, expected at most 4"),
    "+data.test=0,5": ("test=5", "blobs has a test split of its own"),
    "+data.colour=null,grey": ("colour=grey", "has no effect on these data"),
    "+data.source.missing=1,2": ("missing=1, missing=2", "data.source"),
    "data.shape=[28,28,1],[784] model.buffers.input=[784]": ("", "shape"),
}


# One setting of each part that checks; the others, and the dry runs, are slow.
OFTEN = {"data.batch_size=5,31", "data.per_class=3,11"}
CASES = [(asked, dry) for asked in WRONG for dry in (True, False)]
MARKED = [
    case if case[0] in OFTEN and not case[1] else pytest.param(*case, marks=pytest.mark.slow)
    for case in CASES
]


@pytest.mark.parametrize(("asked", "dry"), MARKED)
def test_data_that_do_not_fit_a_point_are_refused_before_any_point_trains(
    asked: str, dry: bool, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "train", lambda *_, **__: pytest.fail("a point trains"))
    point, what = WRONG[asked]
    result = darnax(*OURS, *asked.split(), "-m", *(["--dry-run"] if dry else []))
    assert what in error_text(result)
    assert point in error_text(result)
    assert not (place / "outputs").exists()


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("does_not_exist", "which is no known dataset"),
        ("fashion_mnist", "fashion_mnist is not prepared in"),
    ],
)
def test_an_unavailable_dataset_is_refused_before_any_point_trains(
    name: str, what: str, place: Path, mnist_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(mnist_directory))
    monkeypatch.setattr(training, "train", lambda *_, **__: pytest.fail("a point trains"))
    message = error_text(darnax(*BASE, f"data.name=mnist,{name}", "-m"))
    assert f"name={name}: " in message
    assert what in message
    assert not (place / "outputs").exists()


def test_a_dry_run_prepares_nothing_and_names_the_sets_to_prepare(place: Path) -> None:
    result = darnax(*BASE, "seed=1,2", "-m", "--dry-run")
    assert result.exit_code == 0, result.output
    assert f"note: mnist in {place.parent / 'sets'} is not prepared" in " ".join(
        result.output.split()
    )
    assert not (place.parent / "sets").exists()


def test_no_dataset_is_prepared_for_an_invalid_sweep(place: Path) -> None:
    assert "which is no known dataset" in error_text(
        darnax(*BASE, "data.name=mnist,does_not_exist", "-m")
    )
    assert not (place.parent / "sets").exists()


def test_a_missing_dataset_is_prepared_once_before_the_first_point(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared, known = [], []

    def outline(name: str, *_: object, **__: object) -> None:
        known.append(
            name
        )  # it cannot be checked before it is prepared; the points report errors later

    monkeypatch.setattr("darnax.data.outline.outline_set", outline)
    monkeypatch.setattr(
        "darnax.data.outline.prepare_set", lambda name, *_, **__: prepared.append(name)
    )
    monkeypatch.setattr(
        training, "train", lambda *_, **__: pytest.fail("trains") if not prepared else {}
    )
    darnax(*BASE, "seed=1,2", "data.batch_size=5,10", "-m")
    assert prepared == ["mnist"]


@pytest.mark.slow
def test_each_data_configuration_is_described_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = []
    blobs = synthetic_sources.Blobs.open
    monkeypatch.setattr(
        synthetic_sources.Blobs, "open", lambda self: opened.append(self) or blobs(self)
    )
    few = ["seed=1,2,3", "data.batch_size=2,5", "optimizer.default.learning_rate=0.1,0.2"]
    assert darnax(*OURS, *few, "-m", "--dry-run").exit_code == 0
    assert len(opened) == 1
    assert darnax(*OURS, *few, "+data.source.examples=30,60", "-m", "--dry-run").exit_code == 0
    assert len(opened) == 1 + 2


def test_every_combination_of_data_settings_is_checked() -> None:
    """A load of 0.1 gives 10 pairs, a load of 2.0 gives 200: only the last point is wrong."""
    words = [
        "+experiment=associations",
        "tracking=local",
        "data.source.load=2.0,0.1",
        "data.batch_size=5,20",
    ]
    message = error_text(darnax(*words, "-m", "--dry-run"))
    assert "load=0.1 batch_size=20: data.batch_size" in message
    assert message.count("data.batch_size: ") == 1


def test_data_in_a_folder_of_other_machines_are_not_checked(place: Path) -> None:
    point = Point((), _composed(f"paths.data={place / 'there'}", "data.name=fashion_mnist"))
    here, elsewhere = (
        data_checks.Outlines(prepares=True, elsewhere=each) for each in (False, True)
    )
    assert "is not prepared" in data_checks.examine_data([point], here)[0].refusal
    assert data_checks.examine_data([point], elsewhere)[0].refusal == ""
    (place / "there").mkdir()
    again = data_checks.Outlines(prepares=True, elsewhere=True)
    assert "is not prepared" in data_checks.examine_data([point], again)[0].refusal


def _composed(*words: str) -> dict:
    from darnax.composing.composer import compose

    return compose([*BASE, *words])


def test_a_source_that_cannot_be_opened_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object) -> None:
        raise FileNotFoundError("no archive\nhere")

    monkeypatch.setattr(sys.modules["synthetic_sources"].Blobs, "open", fail)
    message = error_text(darnax(*OURS, "seed=1,2", "-m"))
    reason = "data.source: Blobs.fail raised FileNotFoundError: no archive"
    assert f"seed=1, seed=2: {reason}" in message
