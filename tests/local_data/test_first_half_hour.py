"""A new user's first half hour with data of their own, as commands and in Python.

Oracle: the files that were written; and that bars in three places are easy to tell apart.
"""

import json
import shlex
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from made import CLASSES, bars, write_images, zipped
from typer.testing import CliRunner

import darnax
from darnax.cli.app import app
from darnax.errors import RequestError
from darnax.local_data import divide_examples

SMALL = [
    "+experiment=mnist_chain",
    "model.depth=1",
    "model.features=60",
    "model.layers.hidden.sparsity=0.8",
    "model.adapters.w_in.patch=null",
    "data.batch_size=8",
    "tracking=local",
    "runner.epochs=2",
]


def command(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(words), prog_name="darnax")
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory):
    """A directory to work in, with a folder of images, a zip of it, npz files and a csv file."""
    folder = tmp_path_factory.mktemp("lab")
    write_images(folder / "photos", 30)
    zipped(folder / "photos", folder / "photos.zip")
    images, labels = bars(150)
    names = np.array(CLASSES)[labels]
    np.savez(folder / "my.npz", x=images, y=names)
    np.savez(folder / "images.npz", x=images, y=names)
    np.savez(folder / "points.npz", x=images.reshape(150, -1), y=names)
    lines = ["a,b,c,kind"]
    means = images.reshape(150, 3, 27).mean(axis=2)
    for row, name in zip(means, names, strict=True):
        lines.append(",".join([*(f"{value:.2f}" for value in row), name]))
    (folder / "my.csv").write_text("\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("TFDS_DATA_DIR", str(folder / "sets"))
        yield folder


def only_run(place: Path, name: str) -> darnax.Run:
    (config,) = (place / name).glob("mnist_chain/*/config.yaml")
    return darnax.load(config.parent)


@pytest.fixture(scope="module")
def photo_run(place: Path) -> darnax.Run:
    command("train", *SMALL, "data=folder", "data.path=photos/", "paths.outputs=from_photos")
    return only_run(place, "from_photos")


def test_a_folder_of_images_is_learned(photo_run: darnax.Run, place: Path) -> None:
    data = photo_run.config["data"]
    assert data["path"] == str(place / "photos")
    assert (data["shape"], data["classes"], data["class_names"]) == ([9, 9, 1], 3, list(CLASSES))
    assert (data["validation"], data["test"]) == (0.1, 0)
    assert photo_run.summary["metrics"]["test/accuracy"] > 0.9
    # 30 images of each class, of which 3 are kept out: 81 are 10 batches of 8.
    assert photo_run.summary["steps"] == 2 * 10


def test_one_argument_of_the_label_code_is_kept(place: Path) -> None:
    images, labels = bars(90)
    np.savez("few.npz", x=images, y=labels)
    config = darnax.compose("+experiment=mnist_ep", "data=arrays", "data.path=few.npz")
    assert config["data"]["labels"] == {"_target_": "darnax.data.Classes", "high": 1.0, "low": 0.0}


def test_names_of_classes_are_shown(photo_run: darnax.Run, place: Path) -> None:
    printed = command("eval", str(photo_run.folder))
    assert "90 examples" in printed
    for name in CLASSES:
        assert f"{name} 30" in printed


def test_a_run_is_evaluated_on_other_images_with_its_own_order_of_classes(
    photo_run: darnax.Run, place: Path
) -> None:
    write_images(place / "others", 8)
    for split in ("train", "test"):
        shutil.rmtree(place / "others" / split / "cat")
    evaluation = photo_run.evaluate("data.path=others")
    assert evaluation.examples == 16
    assert evaluation.confusion.sum(axis=1).tolist() == [0, 8, 8]
    assert evaluation.score > 0.9


def test_all_of_other_images_are_evaluated_unless_they_have_a_test_split(
    photo_run: darnax.Run, place: Path
) -> None:
    write_images(place / "unsplit", 5, splits=("",))
    words = ("eval", str(photo_run.folder), "data.path=unsplit")
    printed = command(*words)
    assert "15 examples" in printed
    assert "unsplit has no test split: all its 15 examples are evaluated" in printed
    assert "6 examples" in command(*words, "data.test=0.4")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["arrays", "table"])
def test_a_share_that_a_run_has_kept_is_evaluated_wherever_the_data_are(
    kind: str, place: Path
) -> None:
    file = {"arrays": "my.npz", "table": "my.csv"}[kind]
    words = [f"data={kind}", f"data.path={file}", f"paths.outputs=kept_{kind}"]
    words += ["data.target=kind"] if kind == "table" else []
    command("train", *SMALL, *words)
    run = only_run(place, f"kept_{kind}")
    assert run.evaluate().examples == 30  # a fifth of 150
    moved = shutil.copy(file, place / f"moved_{file}")
    assert run.evaluate(f"data.path={moved}").examples == 30
    images, labels = bars(60, seed=3)
    names = np.array(CLASSES)[labels]
    if kind == "table":
        lines = (place / file).read_text().splitlines()
        Path("other.csv").write_text("\n".join(lines[:61]))
        assert run.evaluate("data.path=other.csv").examples == 60
        return
    np.savez("unsplit.npz", x=images, y=names)
    assert run.evaluate("data.path=unsplit.npz").examples == 60
    np.savez("split.npz", x=images[:40], y=names[:40], x_test=images[40:], y_test=names[40:])
    assert run.evaluate("data.path=split.npz").examples == 20


@pytest.mark.slow
def test_the_best_network_by_a_validation_split_is_evaluated_on_data_without_one(
    place: Path,
) -> None:
    images, labels = bars(90)
    parts = [part for kept in np.split(np.arange(90), 3) for part in (images[kept], labels[kept])]
    run = darnax.train(*SMALL, "paths.outputs=validated", data=tuple(parts))
    np.savez("other.npz", x=images, y=labels)
    for words in ([], ["data.path=other.npz"]):
        assert run.evaluate(*words).checkpoint.startswith("best.safetensors")


def test_an_archive_gives_the_same_run(photo_run: darnax.Run, place: Path) -> None:
    command("train", *SMALL, "data=folder", "data.path=photos.zip", "paths.outputs=from_zip")
    run = only_run(place, "from_zip")
    for name in ("train/accuracy", "eval/accuracy", "test/accuracy"):
        np.testing.assert_array_equal(run.metrics[name].values, photo_run.metrics[name].values)


@pytest.mark.slow
def test_a_file_of_arrays_and_a_table_are_learned(place: Path) -> None:
    for outputs, words in (
        ("from_arrays", ["data=arrays", "data.path=my.npz"]),
        ("from_table", ["data=table", "data.path=my.csv", "data.target=kind"]),
    ):
        command("train", *SMALL, *words, f"paths.outputs={outputs}")
        run = only_run(place, outputs)
        assert run.config["data"]["class_names"] == list(CLASSES)
        assert (run.config["data"]["validation"], run.config["data"]["test"]) == (0.1, 0.2)
        assert run.summary["metrics"]["test/accuracy"] > 0.9
        assert run.evaluate().examples == 30


def test_a_builder_of_tensorflow_datasets_is_learned(place: Path) -> None:
    """tests/extension/extlab/sets.py is what a user would write: images of two sizes, 3 classes."""
    words = ["data=tfds", "data.builder=extlab.sets.ExtBars", "data.name=ext_bars/small"]
    printed = command("train", *SMALL, *words, "paths.outputs=from_tfds", code=2)
    assert "extlab, which this run does not trust; if you do, add trust=[extlab]" in printed
    words.append("trust=[extlab]")
    printed = command("train", *SMALL, *words, "paths.outputs=from_tfds", code=2)
    assert "have several sizes: 120 of 9×9" in printed
    assert "give all one with 'data.resize=[9,9]'" in printed
    words.append("data.resize=[9,9]")
    command("train", *SMALL, *words, "paths.outputs=from_tfds")
    (config,) = (place / "from_tfds").glob("mnist_chain/*/config.yaml")
    run = darnax.load(config.parent, trust=["extlab"])
    data = run.config["data"]
    assert (data["shape"], data["classes"], data["class_names"]) == ([9, 9, 1], 3, list(CLASSES))
    assert (data["validation"], data["test"]) == (0.1, 0)
    assert run.summary["metrics"]["test/accuracy"] > 0.9
    assert run.evaluate().examples == 60
    assert "extbars" in str(darnax.cite(run))
    prepared = "data.path=sets/ext_bars/small/1.2.0"
    table = command("data", "show", "data=tfds", prepared, "data.resize=[9,9]", "--png", "bars.png")
    assert "examples train validation test all 162 18 60 cat 54 6 20 dog 54 6 20" in table


def test_columns_of_a_table_are_standardised_by_what_is_trained_on(place: Path) -> None:
    config = darnax.compose(*SMALL, "data=table", "data.path=my.csv", "data.target=kind")
    stage = config["data"]["encode"]["standardise"]
    from darnax.data.selection import Selection
    from darnax.local_data import Table

    examples = Table("my.csv", target="kind").read(place)
    train = divide_examples(examples, Selection(0.1, test=0.2), memory_gib=1).train
    np.testing.assert_allclose(stage["mean"], train.inputs.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(stage["deviation"], train.inputs.std(axis=0), rtol=1e-4)
    assert config["data"]["shape"] == [3]
    assert config["model"]["buffers"]["input"] == [3]


def test_arrays_in_python_are_kept_with_the_run(place: Path) -> None:
    images, labels = bars(120)
    labels = labels * 10 - 5
    given = (images[:90], labels[:90], images[90:], labels[90:])
    run = darnax.train(*SMALL, "paths.outputs=from_python", data=given)
    assert run.config["data"]["class_names"] == ["-5", "5", "15"]
    assert run.config["data"]["shape"] == [9, 9]
    with np.load(run.folder / "data.npz") as kept:
        np.testing.assert_array_equal(kept["x_train"], images[:90])
        np.testing.assert_array_equal(kept["y_test"], labels[90:])
    score = run.evaluate().score
    assert score == run.summary["metrics"]["test/accuracy"] or score > 0.9
    shutil.copytree(run.folder, place / "moved")
    shutil.rmtree(run.folder)
    moved = darnax.load(place / "moved")
    assert moved.evaluate().score == score
    assert interrupt(moved, place / "stopped").resume().status == "finished"
    again = darnax.train("seed=1", "paths.outputs=again", config=place / "moved" / "config.yaml")
    assert again.config["data"]["path"] == str(place / "moved" / "data.npz")


def interrupt(run: darnax.Run, folder: Path) -> darnax.Run:
    """Return a copy of a run that says that it was interrupted."""
    shutil.copytree(run.folder, folder)
    summary = json.loads((folder / "summary.json").read_text())
    (folder / "summary.json").write_text(json.dumps({**summary, "status": "interrupted"}))
    return darnax.load(folder)


def test_a_run_is_resumed_with_its_own_images_alone(photo_run: darnax.Run, place: Path) -> None:
    run = interrupt(photo_run, place / "interrupted")
    shutil.copytree(place / "photos", place / "changed")
    bar = next((place / "changed/train/cat").glob("*.png"))
    cv2.imwrite(str(bar), np.zeros((9, 9), np.uint8))
    with pytest.raises(RequestError, match=r"data\.path: the data in .*changed have changed since"):
        run.resume("data.path=changed")
    shutil.copytree(place / "photos", place / "copied")
    assert run.resume("data.path=copied").status == "finished"
    with pytest.raises(RequestError, match=r"paths\.data=DIR, data\.path=PATH"):
        run.resume("data.colour=grey")


@pytest.mark.slow
def test_a_sweep_over_arrays_reads_them_from_one_file(place: Path) -> None:
    images, labels = bars(60)
    words = [*SMALL, "runner.epochs=1", "paths.outputs=swept", "seed=1,2"]
    sweep = darnax.sweep(*words, data=(images, np.array(CLASSES, object)[labels]))
    assert sweep.is_done
    paths = {run.config["data"]["path"] for run in sweep.runs}
    assert paths == {str(file) for file in (place / "swept" / "arrays").glob("*.npz")}
    assert len(paths) == 1


def test_arrays_that_are_too_large_to_keep_are_refused_with_the_way_out(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("darnax.api.arrays.MOST_BYTES", 1000)
    with pytest.raises(RequestError, match=r"numpy\.savez\('my\.npz'.*'data\.path=my\.npz'"):
        darnax.train(*SMALL, "paths.outputs=large", data=bars(60))
    with pytest.raises(RequestError, match=r"data=folder: chooses other data than the arrays"):
        darnax.train(*SMALL, "data=folder", "paths.outputs=large", data=bars(6))
    assert not (place / "large").exists()


@pytest.mark.slow
def test_real_targets_have_a_squared_error(place: Path) -> None:
    x = np.random.default_rng(0).normal(size=(80, 6))
    y = 3 * x[:, 0] + 100
    words = ["~model.adapters.w_out.rule", "+model.adapters.w_out.rule._target_=darnax.rules.Delta"]
    run = darnax.train(*SMALL, *words, "paths.outputs=regression", data=(x, y))
    data = run.config["data"]
    assert (data["classes"], data["class_names"]) == (1, None)
    assert data["labels"]["mean"] == pytest.approx(y.mean(), rel=1e-5)
    assert {"test/squared_error", "eval/squared_error"} <= run.summary["metrics"].keys()


@pytest.mark.slow
def test_patterns_are_recalled(place: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.choice([-1, 1], (40, 12)), rng.choice([-1, 1], (40, 5))
    config = [*SMALL, "paths.outputs=patterns", "data.validation=0"]
    run = darnax.train(*config, data=(x, y, x, y))
    assert run.config["data"]["labels"] == {"_target_": "darnax.data.Patterns"}
    assert (run.config["data"]["classes"], run.config["data"]["shape"]) == (5, [12])


def test_sets_of_scikit_learn_need_no_file(place: Path) -> None:
    config = darnax.compose(*SMALL, "data=sklearn", "data.name=digits")
    assert (config["data"]["shape"], config["data"]["classes"]) == ([8, 8, 1], 10)
    config = darnax.compose(*SMALL, "data=sklearn", "data.name=diabetes")
    assert config["data"]["labels"]["_target_"] == "darnax.data.Values"
    assert config["model"]["buffers"]["output"] == [1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["data=folder"], "data.path: has no value yet (???); give it one, with data.path=…"),
        (["data=folder", "data.path=nothing"], "nothing does not exist in "),
        (["data=table", "data.path=my.csv"], "data.target: got null, expected the column"),
        (["data=sklearn", "data.name=moons"], "data.name: got 'moons', expected digits, iris"),
        (
            ["data=folder", "data.path=photos", "data.test=5"],
            "data.test: got 5, expected 0: photos",
        ),
        (["data=folder", "data.path=photos", "data.classes=2"], "data.classes: got 2, expected 3"),
        (
            ["data=folder", "data.path=photos", "data.per_class=28"],
            "data.per_class: got 28, expect",
        ),
        (
            ["data=folder", "data.path=photos", "data.only_classes=[3]"],
            "data.only_classes: got [3]",
        ),
        (["data=folder", "data.path=photos", "data.colour=blue"], "expected null, grey or rgb"),
        (
            ["data=table", "data.path=my.csv", "data.target=kind", "model.adapters.w_in.patch=9"],
            "at least as large; it is (3,): set patch to null",
        ),
        (["data=arrays", "data.path=my.csv"], "my.csv is not an npz file"),
        (
            ["data=arrays", "data.path=my.npz", "data.labels={_target_: darnax.data.Values}"],
            "data.labels: got Values, but the targets of my.npz are classes; set it to null",
        ),
        (
            ["data=sklearn", "data.name=diabetes", "data.labels={_target_: darnax.data.Classes}"],
            "data.labels: got Classes, but the targets of diabetes are numbers; set it to null",
        ),
    ],
)
def test_a_wrong_request_is_refused_in_one_sentence(
    words: list[str], sentence: str, place: Path
) -> None:
    outputs = "paths.outputs=refused"
    assert sentence in command("train", *SMALL, outputs, *words, code=2)
    assert not (place / "refused").exists()


@pytest.mark.parametrize(
    ("train", "test", "names", "sentence"),
    [
        (np.eye(3)[[0, 1, 1]], np.eye(3)[[2]], "null", "test of odd.npz has the classes 2, of"),
        ([0, 1, 1], [2], "['0','1','2']", "test of odd.npz has the classes 2, of which train has"),
        ([0, 0, 0], [0], "null", "odd.npz has the class 0 alone, expected two or more"),
    ],
)
def test_classes_that_cannot_be_learned_are_refused_however_they_are_given(
    train: object, test: object, names: str, sentence: str, place: Path
) -> None:
    x = np.zeros((3, 4))
    np.savez("odd.npz", x_train=x, y_train=train, x_test=x[:1], y_test=test)
    words = ["data=arrays", "data.path=odd.npz", f"data.class_names={names}"]
    assert sentence in command("train", *SMALL, *words, "data.validation=0", code=2)
    assert sentence in command("data", "show", *words, "data.validation=0", code=2)


def test_a_sweep_reads_the_sizes_of_the_data_once(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from darnax.local_data import ImageFolder

    calls = []
    original = ImageFolder.outline
    monkeypatch.setattr(
        ImageFolder, "outline", lambda self, place: (calls.append(1), original(self, place))[1]
    )
    words = [*SMALL, "data=folder", "data.path=photos", "seed=range(5)", "-m", "--dry-run"]
    command("train", *words)
    assert len(calls) <= 2  # once for the sizes, once for the check of the data


def test_show_counts_classes_and_draws_examples(place: Path) -> None:
    printed = command("data", "show", "data=folder", "data.path=photos", "--png", "sheet.png")
    assert "input 9 x 9 x 1, uint8, from 0 to 209" in printed
    assert "examples train validation test all 81 9 90 cat 27 3 30 dog 27 3 30" in printed
    sheet = cv2.imread("sheet.png", cv2.IMREAD_GRAYSCALE)
    rows = [sheet[top : top + 48, 124:172] for top in (4, 56, 108)]
    thirds = [[part.mean() for part in np.split(row, 3)] for row in rows]
    assert [int(np.argmax(means)) for means in thirds] == [0, 1, 2]  # the bright bar of each class
    table = command("data", "show", "data=table", "data.path=my.csv", "data.target=kind")
    assert "input 3, float32" in table
    assert "got mnist a=1, expected one name" in command("data", "show", "mnist", "a=1", code=2)
    targets = command("data", "show", "data=sklearn", "data.name=diabetes", "--png", "other.png")
    assert "classes none: targets are numbers" in targets
    signs = np.array([[1, -1, 1], [-1, -1, 1]] * 10, np.float32)
    np.savez("signs.npz", x=signs, y=signs)
    patterns = command("data", "show", "data=arrays", "data.path=signs.npz")
    assert "classes none: targets are patterns of 3 entries ±1" in patterns


def test_a_run_is_repeated_with_other_images(photo_run: darnax.Run, place: Path) -> None:
    write_images(place / "birds", 4, splits=("",))
    (place / "birds" / "owl").rename(place / "birds" / "auk")
    words = ["paths.outputs=repeated", "data.path=birds"]
    config = photo_run.folder / "config.yaml"
    sentence = r"train has the classes auk.*, which are not in data\.class_names"
    with pytest.raises(RequestError, match=sentence):
        darnax.train(*words, "data.test=0.3", config=config)
    open_again = [f"data.{name}=null" for name in ("class_names", "classes", "validation", "test")]
    composed = darnax.compose(*words, *open_again, config=config)["data"]
    assert composed["class_names"] == ["auk", "cat", "dog"]
    assert (composed["validation"], composed["test"]) == (0.1, 0.2)
    assert composed["source"]["path"] == str(place / "birds")


def test_shape_and_classes_of_a_prepared_dataset_may_be_left_open(
    tmp_path: Path,
) -> None:
    words = ["+experiment=mnist_chain", f"paths.data={tmp_path}", "data.shape=null"]
    config = darnax.compose(*words, "data.classes=null", "data.only_classes=[3,8]")
    assert (config["data"]["shape"], config["data"]["classes"]) == ([28, 28, 1], 2)
    assert config["model"]["buffers"]["output"] == [2]


@pytest.mark.slow
def test_a_share_of_a_prepared_dataset_is_stratified(mnist_directory: Path) -> None:
    from darnax.data import open_dataset, outline_set
    from darnax.data.selection import Selection

    dataset = open_dataset("mnist", directory=mnist_directory, validation=0.1)
    carved = np.bincount(dataset.validation.targets)
    whole = carved + np.bincount(dataset.train.targets)
    assert carved.tolist() == [int(0.1 * count + 0.5) for count in whole]
    outline = outline_set("mnist", Selection(validation=0.1), directory=mnist_directory)
    assert (len(outline.train), len(outline.validation)) == (60000 - carved.sum(), carved.sum())


def guide_commands() -> list[str]:
    """The commands of the section on data of one's own, without what they are said to do."""
    text = (Path(__file__).parents[2] / "docs" / "guides" / "data.md").read_text()
    section = text.partition("## Your own data")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("darnax ")]
    return [line.partition("   ")[0] for line in lines]


def test_the_guide_has_a_section() -> None:
    assert len(guide_commands()) >= 6


@pytest.mark.parametrize("line", guide_commands())
def test_commands_of_the_guide_compose(line: str, place: Path) -> None:
    _, *words = shlex.split(line)
    trains = words[0] == "train"
    command(*words, *(["--cfg", "job"] if trains else []))


def test_the_python_example_of_the_guide_composes(place: Path) -> None:
    images, labels = bars(20)
    with pytest.raises(RequestError, match=r"runner\.epochs: got -1"):  # it goes as far as this
        darnax.train("+experiment=mnist_chain", "runner.epochs=-1", data=(images, labels))
