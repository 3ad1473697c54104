"""Classes of new files. Oracles: `Run.predict` of the same arrays; the labels of the images."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

import darnax
from darnax.api.predicting import predict_files
from darnax.cli.app import app
from darnax.errors import RequestError

NAMES = ("left", "right")
SIZE = 8


def draw(place: int, height: int = SIZE) -> np.ndarray:
    """Return an image in colour, of which one half is bright."""
    image = np.random.default_rng(place).integers(0, 60, (height, SIZE, 3), np.uint8)
    half = slice(0, SIZE // 2) if place % 2 == 0 else slice(SIZE // 2, None)
    image[:, half] += 180
    return image


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of images in a folder for each class."""
    folder = tmp_path_factory.mktemp("photos")
    for place, name in enumerate(NAMES):
        (folder / name).mkdir()
        for number in range(20):
            image = draw(2 * number + place)
            assert cv2.imwrite(str(folder / name / f"{number:02}.png"), image[..., ::-1])
    return folder


@pytest.fixture(scope="module")
def run(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> darnax.Run:
    """A run that has learned them, in colour."""
    place = tmp_path_factory.mktemp("outputs")
    return darnax.train(
        "+experiment=digits_smoke",
        "data=folder",
        f"data.path={photos}",
        "data.batch_size=8",
        "data.per_class=null",
        "data.validation=0",
        "data.test=4",
        "model.adapters.w_in.patch=null",
        "runner.limit_batches=null",
        "runner.epochs=20",
        "tracking=local",
        f"paths.outputs={place}",
        progress=False,
    )


def test_images_get_the_classes_that_python_gives_to_their_arrays(
    run: darnax.Run, photos: Path, tmp_path: Path
) -> None:
    files = [photos / name / f"{number:02}.png" for name in NAMES for number in (0, 1, 2)]
    arrays = [draw(2 * number + place) for place in range(2) for number in (0, 1, 2)]
    found = predict_files(run.model, files)
    np.testing.assert_array_equal(found.scores, run.predict(np.stack(arrays)))
    assert found.classes == ["left"] * 3 + ["right"] * 3
    command = ["predict", str(run.folder), *map(str, files), "--csv", str(tmp_path / "a.csv")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert [row["input"] for row in rows] == [str(file) for file in files]
    assert [row["class"] for row in rows] == found.classes
    written = [[np.float32(row[name]) for name in NAMES] for row in rows]
    np.testing.assert_array_equal(np.array(written), found.scores)
    last = CliRunner().invoke(app, [*command, "--last"])
    assert last.exit_code == 0, last.output
    assert last.output == result.output  # without a validation split both are the last network
    np.save(tmp_path / "a.npy", np.stack(arrays))
    from_array = predict_files(run.model, [tmp_path / "a.npy"])
    np.testing.assert_array_equal(from_array.scores, found.scores)
    assert list(from_array.inputs) == [str(number) for number in range(6)]


def test_every_file_that_does_not_fit_is_named(
    run: darnax.Run, photos: Path, tmp_path: Path
) -> None:
    good = photos / "left/00.png"
    tall, text, absent = (tmp_path / name for name in ("tall.png", "text.png", "absent.png"))
    assert cv2.imwrite(str(tall), draw(0, height=9))
    text.write_text("no image")
    table = tmp_path / "rows.csv"
    table.write_text("a,b")
    wrong = [tall, text, absent, table, tmp_path]
    with pytest.raises(RequestError) as caught:
        predict_files(run.model, [good, *wrong])
    problems = [str(problem) for problem in caught.value.problems]
    for problem, file in zip(problems, wrong, strict=True):
        assert str(file) in problem
    assert f"got inputs of shape [1, 9, {SIZE}, 3]" in problems[0]  # in colour, as in training
    assert "train with data.resize=[HEIGHT,WIDTH]" in problems[0]
    assert "for rows or arrays give one npy file" in problems[3]
    assert f"give its files, as in {tmp_path}/*" in problems[4]
    result = CliRunner().invoke(app, ["predict", str(run.folder), str(text)])
    assert result.exit_code == 2


def test_a_network_whose_targets_are_no_classes_is_refused(tmp_path: Path) -> None:
    memory = darnax.train(
        "+experiment=memory",
        "data.source.units=20",
        "data.batch_size=5",
        "runner.epochs=1",
        "tracking=local",
        f"paths.outputs={tmp_path}",
        progress=False,
    )
    np.save(tmp_path / "x.npy", np.ones((1, 20)))
    with pytest.raises(RequestError, match=r"targets are no classes; use `run\.predict`"):
        predict_files(memory.model, [tmp_path / "x.npy"])
