"""Sets of TensorFlow Datasets. Oracle: TFDS itself, and what its builder generated."""

import json
import shutil
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow_datasets as tfds
from extlab.sets import KINDS, ExtBars
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import darnax
from darnax.data import Streamed
from darnax.data.crc32c import masked_crc32c
from darnax.data.progress import silent
from darnax.data.selection import Selection
from darnax.data.split_syntax import assign_ranges
from darnax.errors import RequestError
from darnax.local_data import ArrayFiles, TensorFlowDatasets, divide_examples

SIZE = [9, 9]


@pytest.fixture(autouse=True)
def unregistered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the builder, as in a process that has not imported its module."""
    monkeypatch.delitem(tfds.core.registered._DATASET_REGISTRY, "ext_bars", raising=False)


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the set has been prepared by its first use."""
    folder = tmp_path_factory.mktemp("sets")
    TensorFlowDatasets("ext_bars/tiny", ExtBars, resize=SIZE).read(folder)
    return folder


def by_name(sets: Path, **settings: Any) -> Any:
    return TensorFlowDatasets("ext_bars/tiny", **{"resize": SIZE, **settings}).read(sets)


def as_tfds(sets: Path, split: str) -> list[dict[str, Any]]:
    source = tfds.data_source("ext_bars/tiny", split=split, data_dir=sets)
    return [source[index] for index in range(len(source))]


def resized(picture: np.ndarray) -> np.ndarray:
    method = cv2.INTER_AREA
    return cv2.resize(picture, (9, 9), interpolation=method).reshape(9, 9, 1)


@pytest.mark.parametrize("split", ["train", "test"])
def test_examples_are_those_of_tfds_in_its_order(sets: Path, split: str) -> None:
    found = by_name(sets).splits[split]
    expected = as_tfds(sets, split)
    np.testing.assert_array_equal(found.targets, [example["kind"] for example in expected])
    images = np.stack([resized(example["picture"]) for example in expected])
    np.testing.assert_array_equal(found.inputs, images)
    assert by_name(sets).class_names == KINDS
    assert "tensorflow" not in sys.modules


@pytest.mark.parametrize("name", ["ext_bars/tiny", "ext_bars/tiny:1.2.0", "ext_bars/tiny:1.*.*"])
def test_names_with_configuration_and_version(sets: Path, name: str) -> None:
    found = TensorFlowDatasets(name, resize=SIZE).read(sets)
    np.testing.assert_array_equal(
        found.splits["train"].inputs, by_name(sets).splits["train"].inputs
    )


def test_a_folder_of_any_builder_needs_neither_its_code_nor_trust(
    sets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(sets / "ext_bars/tiny/1.2.0", tmp_path / "copy")
    monkeypatch.setitem(sys.modules, "extlab.sets", None)  # it cannot be imported
    path = str(tmp_path / "copy")
    found = TensorFlowDatasets(path=path, resize=SIZE).read(tmp_path / "none")
    np.testing.assert_array_equal(found.splits["test"].inputs, by_name(sets).splits["test"].inputs)
    assert found.name == "ext_bars/tiny:1.2.0"
    assert not (tmp_path / "none").exists()
    with pytest.raises(RequestError, match=r"data\.name: got mnist, but .* has ext_bars"):
        TensorFlowDatasets("mnist", path=path).read(tmp_path)


def sealed(part: bytes) -> bytes:
    return part + struct.pack("<I", int(masked_crc32c([part])[0]))


def rewrite_as_tfrecord(folder: Path, shards: int) -> None:
    """Rewrite a prepared set in the default format of TFDS."""
    info = json.loads((folder / "dataset_info.json").read_text())
    builder = tfds.builder_from_directory(folder)
    for split in info["splits"]:
        name, raw = split["name"], tfds.decode.DeserializeMethod.RAW_BYTES
        source = builder.as_data_source(split=name, deserialize_method=raw)
        records = source.__getitems__(range(len(source)))
        parts = np.array_split(np.arange(len(records)), shards)
        split["shardLengths"] = [str(len(part)) for part in parts]
        for number, part in enumerate(parts):
            chosen = [records[index] for index in part]
            content = [sealed(struct.pack("<Q", len(record))) + sealed(record) for record in chosen]
            file = f"{info['name']}-{name}.tfrecord-{number:05}-of-{shards:05}"
            (folder / file).write_bytes(b"".join(content))
    for path in folder.glob("*.array_record*"):
        path.unlink()
    info["fileFormat"] = "tfrecord"
    (folder / "dataset_info.json").write_text(json.dumps(info))


def test_the_default_format_of_tfds_has_the_same_examples(sets: Path, tmp_path: Path) -> None:
    own = tmp_path / "ext_bars/tiny/1.2.0"
    shutil.copytree(sets / "ext_bars/tiny/1.2.0", own)
    rewrite_as_tfrecord(own, shards=3)
    for source in (
        TensorFlowDatasets("ext_bars/tiny", ExtBars, resize=SIZE),
        TensorFlowDatasets("ext_bars/tiny", resize=SIZE),
        TensorFlowDatasets(path=str(own), resize=SIZE),
    ):
        found = source.read(tmp_path)
        for role, (inputs, targets) in by_name(sets).splits.items():
            np.testing.assert_array_equal(found.splits[role].inputs, inputs)
            np.testing.assert_array_equal(found.splits[role].targets, targets)


@pytest.mark.parametrize("target", ["brightness", "profile"])
def test_numbers_are_values(sets: Path, target: str) -> None:
    found = by_name(sets, target=target)
    values = [np.atleast_1d(example[target]) for example in as_tfds(sets, "train")]
    np.testing.assert_array_equal(found.splits["train"].targets, np.stack(values))
    assert found.class_names == ()


def test_texts_are_classes_and_tensors_are_inputs(sets: Path) -> None:
    found = by_name(sets, input="profile", target="word", resize=None)
    expected = as_tfds(sets, "train")
    inputs = np.stack([example["profile"] for example in expected])
    np.testing.assert_array_equal(found.splits["train"].inputs, inputs)
    assert found.class_names == ("CAT", "DOG", "OWL")
    words = [example["word"].decode() for example in expected]
    names = np.array(found.class_names)[found.splits["train"].targets]
    assert names.tolist() == words


def test_an_outline_has_the_sizes_the_labels_and_the_class_names(sets: Path) -> None:
    for chosen in ({"resize": [4, 5]}, {"resize": None, "input": "profile"}):
        source = TensorFlowDatasets("ext_bars/tiny", **chosen)
        outline, whole = source.outline(sets), source.read(sets)
        for role in ("train", "test"):
            assert outline.splits[role].inputs.shape == whole.splits[role].inputs.shape
            assert outline.splits[role].inputs.dtype == whole.splits[role].inputs.dtype
            np.testing.assert_array_equal(outline.splits[role].targets, whole.splits[role].targets)


def test_a_recorded_order_of_classes_is_kept(sets: Path) -> None:
    order = ["owl", "cat", "dog"]
    found = by_name(sets, class_names=order).splits["train"].targets
    expected = [order.index(KINDS[example["kind"]]) for example in as_tfds(sets, "train")]
    np.testing.assert_array_equal(found, expected)


def test_images_are_decoded_once_and_anew_when_the_set_changes(
    sets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(sets, tmp_path / "sets")
    by_name(tmp_path / "sets")
    stages: list[str] = []
    source = TensorFlowDatasets("ext_bars/tiny", resize=SIZE)
    source.read(tmp_path / "sets", lambda stage, *_: stages.append(stage))
    assert not stages
    (record,) = (tmp_path / "sets/ext_bars/tiny/1.2.0").glob("*train*")
    record.write_bytes(record.read_bytes())
    source.read(tmp_path / "sets", lambda stage, *_: stages.append(stage))
    assert stages


# Splits


PARTS = st.sampled_from(["", "[:80%]", "[80%:]", "[5:]", "[:5]", "[-7:]", "[2:9]", "[50%:70%]"])
SPECS = st.lists(
    st.tuples(st.sampled_from(["train", "test"]), PARTS).map("".join), min_size=1, max_size=2
).map("+".join)


@given(spec=SPECS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_split_has_the_examples_of_tfds_in_its_order(sets: Path, spec: str) -> None:
    expected = as_tfds(sets, spec)
    other = "test" if "train" in spec else "train[:1]"
    given_splits = {"train": spec, "validation": None, "test": other}
    source = TensorFlowDatasets(
        "ext_bars/tiny", target="brightness", splits=given_splits, resize=SIZE
    )
    try:
        found = source.read(sets)
    except RequestError as error:
        if "has no examples" in str(error) or " of t" not in str(error):
            raise
        return  # examples that are common to two roles
    values = [example["brightness"] for example in expected]
    np.testing.assert_array_equal(found.splits["train"].targets[:, 0], np.float32(values))


@given(
    one=st.tuples(st.integers(0, 29), st.integers(1, 30)),
    two=st.tuples(st.integers(0, 29), st.integers(1, 30)),
)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_splits_with_common_examples_are_refused(
    sets: Path, one: tuple[int, int], two: tuple[int, int]
) -> None:
    splits = tfds.builder("ext_bars/tiny", data_dir=sets).info.splits
    numbers = [set(range(*part)) for part in (one, two)]
    chosen = {
        "train": f"train[{one[0]}:{one[1]}]",
        "validation": f"train[{two[0]}:{two[1]}]",
    }
    if all(numbers) and not numbers[0] & numbers[1]:
        assert set(assign_ranges(splits, chosen)) == {"train", "validation", "test"}
    else:
        with pytest.raises(RequestError, match=r"no examples|that validation has as well"):
            assign_ranges(splits, chosen)


class Counted:
    """What TFDS knows of one split, as far as its syntax goes."""

    def __init__(self, name: str, count: int) -> None:
        self.name, self.num_examples = name, count


def roles_of(counts: dict[str, int], chosen: dict[str, str | None]) -> dict[str, str]:
    infos: Any = tfds.core.SplitDict(
        [
            tfds.core.SplitInfo(name=name, shard_lengths=[count], num_bytes=1)
            for name, count in counts.items()
        ]
    )
    found = assign_ranges(infos, chosen)
    return {
        role: "+".join(f"{part.split}[{part.start}:{part.end}]" for part in ranges)
        for role, ranges in found.items()
    }


ALL = {"train": 10, "validation": 4, "test": 6}


@pytest.mark.parametrize(
    ("counts", "chosen", "expected"),
    [
        (ALL, {}, {"train": "train[0:10]", "validation": "validation[0:4]", "test": "test[0:6]"}),
        ({"train": 10}, {}, {"train": "train[0:10]"}),
        (
            {"train": 10, "validation": 4},
            {},
            {"train": "train[0:10]", "test": "validation[0:4]"},
        ),
        (
            ALL,
            {"train": "train+validation"},
            {"train": "train[0:10]+validation[0:4]", "test": "test[0:6]"},
        ),
        (ALL, {"test": "validation"}, {"train": "train[0:10]", "test": "validation[0:4]"}),
        (
            ALL,
            {"validation": "train[90%:]", "train": "train[:90%]"},
            {"train": "train[0:9]", "validation": "train[9:10]", "test": "test[0:6]"},
        ),
    ],
)
def test_the_purpose_of_each_split(
    counts: dict[str, int], chosen: dict[str, str | None], expected: dict[str, str]
) -> None:
    assert roles_of(counts, chosen) == expected


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"validation": "test"}, r"data\.splits\.validation: has 6 examples of test that test"),
        ({"validation": "test[:1]"}, r"data\.splits\.validation: has 1 example of test that test"),
        ({"train": "all"}, r"data\.splits\.train: has 6 examples of test that test has as well"),
        ({"train": "train+train[5:]"}, r"data\.splits\.train: has 5 examples of train twice"),
        ({"train": "tran"}, r"got 'tran' \(Unknown split 'tran'.*expected one of train, valid"),
        ({"train": "train[:80"}, r"Error parsing split"),
        ({"train": "train[:200]"}, r"incompatible with 10 examples"),
        ({"train": "train[5:5]"}, r"which has no examples of the 10 of train"),
        ({"tests": "test"}, r"data\.splits: got 'tests', expected train, validation or test"),
    ],
)
def test_impossible_splits_are_refused_in_one_sentence(
    chosen: dict[str, str | None], sentence: str
) -> None:
    with pytest.raises(RequestError, match=sentence) as caught:
        roles_of(ALL, chosen)
    assert len(caught.value.problems) == 1


def test_a_set_without_train_says_what_it_has() -> None:
    with pytest.raises(RequestError, match=r"data\.splits\.train: .*the splits a, b; name one"):
        roles_of({"a": 3, "b": 4}, {})
    expected = {"train": "a[0:3]", "test": "b[0:4]"}
    assert roles_of({"a": 3, "b": 4}, {"train": "a", "test": "b"}) == expected


# Selection: the same for every source


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(validation=6),
        Selection(validation=0.2),
        Selection(validation=0.1, per_class=4),
        Selection(validation=3, only_classes=[2, 0]),
    ],
)
def test_selections_are_those_of_arrays_with_the_same_examples(
    sets: Path, tmp_path: Path, selection: Selection
) -> None:
    examples = by_name(sets)
    arrays = {}
    for role, (inputs, targets) in examples.splits.items():
        arrays |= {f"x_{role}": inputs, f"y_{role}": np.array(KINDS)[targets]}
    np.savez(tmp_path / "same.npz", **arrays)
    same = ArrayFiles(str(tmp_path / "same.npz")).read(tmp_path)
    one = divide_examples(examples, selection, memory_gib=1)
    two = divide_examples(same, selection, memory_gib=1)
    assert one.class_names == two.class_names
    for role in ("train", "validation", "test"):
        first, second = getattr(one, role), getattr(two, role)
        assert (first is None) == (second is None)
        if first is not None:
            np.testing.assert_array_equal(first.inputs, second.inputs)
            np.testing.assert_array_equal(first.targets, second.targets)


def test_a_set_larger_than_memory_is_streamed(sets: Path) -> None:
    dataset = divide_examples(by_name(sets), Selection(), memory_gib=1e-7)
    assert isinstance(dataset.train, Streamed)
    windows = list(dataset.test.windows(None))
    found = np.concatenate([window.inputs[: window.count] for window in windows])
    np.testing.assert_array_equal(found, by_name(sets).splits["test"].inputs)


WORDS = ["+experiment=mnist_chain", "model.adapters.w_in.patch=null", "data=tfds"]
TINY = [*WORDS, "data.batch_size=8", "data.name=ext_bars/tiny", "data.resize=[9,9]"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["data.validation=0"], r"validation"),
        (["hydra.sweeper.metric=test/accuracy"], r"test/accuracy"),
        (["data.splits.validation=test"], r"10 examples of test that test has as well"),
    ],
)
def test_searching_on_test_examples_is_refused(
    sets: Path, tmp_path: Path, words: list[str], sentence: str
) -> None:
    search = ["hydra/sweeper=optuna", "model.layers.hidden.j_d=interval(0.3,0.9)"]
    places = [f"paths.data={sets}", f"paths.outputs={tmp_path / 'outputs'}"]
    with pytest.raises(RequestError, match=sentence):
        darnax.sweep(*TINY, *places, *search, *words)
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["data.test=0.2"], r"data\.test: got 0\.2, expected 0: .* has a test split of its own"),
        (["data.per_class=11"], r"data\.per_class: got 11, expected at most"),
        (["data.only_classes=[3]"], r"data\.only_classes: got \[3\]"),
        (["data.input=profile"], r"data\.resize: has no effect on profile, which is no image"),
        (["data.input=pictur"], r"data\.input: got 'pictur'.*did you mean picture"),
        (["data.target=picture"], r"data\.target: got picture, which is an image"),
        (["data.input=word"], r"data\.input: got word, which is a text"),
        (["data.target=brightness", "data.per_class=2"], r"data\.per_class: .* are not classes"),
        (["data.colour=blue"], r"expected null, grey or rgb"),
        (["data.resize=[9]"], r"expected a height and a width"),
        (["+data.columns=[a]"], r"data\.columns: has no effect on these data"),
        (["data.path=/none"], r"data\.path: /none does not exist; give the folder"),
        (["data.name=ext_bars"], r"data\.name: got 'ext_bars', expected one of ext_bars/tiny"),
        (
            ["data.name=ext_bars/tiny:9.9.9"],
            r"got .*9\.9\.9', expected one of ext_bars/tiny:1\.2\.0",
        ),
        (["data.name=null"], r"data\.name: got null"),
        (["data.builder=extlab.sets.ExtBars"], r"add trust=\[extlab\]"),
        (["data.builder=darnax.data.Scale"], r"Scale is no class of tfds\.core\.DatasetBuilder"),
        (["data.builder=extlab.sets.ExtBat", "trust=[extlab]"], r"no ExtBat; did you mean ExtBars"),
        (
            ["data.builder=extlab.sets.ExtBars", "data.name=mnist", "trust=[extlab]"],
            r"data\.name: got mnist, but data\.builder is the builder of ext_bars",
        ),
    ],
)
def test_a_wrong_request_is_refused_in_one_sentence(
    sets: Path, words: list[str], sentence: str
) -> None:
    with pytest.raises(RequestError, match=sentence) as caught:
        darnax.describe_data(*TINY, *words, directory=sets)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("setting", ["input=a", "target=a", "splits={train: a}", "resize=[3,3]"])
def test_settings_of_sets_are_refused_where_they_have_no_effect(setting: str) -> None:
    sentence = r"data\.\w+: has no effect.*choose data=tfds data\.name=mnist"
    with pytest.raises(RequestError, match=sentence):
        darnax.build(darnax.compose("+experiment=mnist_chain", f"+data.{setting}"))


def test_a_strange_configuration_imports_no_builder(tmp_path: Path) -> None:
    config = darnax.compose("+experiment=mnist_chain", f"paths.data={tmp_path}")
    source = {
        "_target_": "darnax.local_data.TensorFlowDatasets",
        "builder": "darnax_canary.Set",
    }
    config["data"]["source"] = source
    for trust in ([], ["darnax_canary"]):
        config["trust"] = trust
        file = tmp_path / "config.yaml"
        file.write_text(json.dumps(config))
        with pytest.raises(RequestError, match="darnax_canary"):
            darnax.train(config=file)
    assert "darnax_canary" not in sys.modules


# Bad data


def make_builder(
    examples: Callable[[str], list[dict[str, Any]]],
    features: dict[str, Any],
    name: str,
    splits: tuple[str, ...] = ("train", "test"),
) -> type:
    """A builder of some splits, as a user would write it."""

    def info(self: Any) -> Any:
        return tfds.core.DatasetInfo(
            builder=self, features=tfds.features.FeaturesDict(features), supervised_keys=("x", "y")
        )

    def generate(self: Any, split: str) -> Any:
        yield from enumerate(examples(split))

    def split_generators(self: Any, _: Any) -> Any:
        return {split: generate(self, split) for split in splits}

    body = {
        "__module__": __name__,
        "VERSION": tfds.core.Version("1.0.0"),
        "name": name,
        "_info": info,
        "_split_generators": split_generators,
        "_generate_examples": generate,
    }
    with tfds.core.registered.skip_registration():
        return type(name.title(), (tfds.core.GeneratorBasedBuilder,), body)


IMAGE = np.zeros((4, 4, 3), np.uint8)


def labelled(split: str, test: int = 1, image: Any = IMAGE) -> list[dict[str, Any]]:
    labels = [0, 1, 0, 1] if split == "train" else [0, test]
    return [{"x": image, "y": label} for label in labels]


def png(image: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", image)[1])


def import_missing(split: str) -> list[dict[str, Any]]:
    import a_package_that_is_not_there  # type: ignore[import-not-found]  # noqa: F401

    return []


def raise_key_error(split: str) -> list[dict[str, Any]]:
    return [{}["nothing"]]


BAD: dict[str, tuple[Callable[[str], list[dict[str, Any]]], str]] = {
    "a class in test alone": (
        lambda split: labelled(split, test=2),
        r"data\.target: test has the classes c, which are not in train",
    ),
    "examples without a label": (
        lambda split: labelled(split, test=-1),
        r"1 of 2 labels of test are out of range \(such as -1\), expected 0 to 2; TFDS writes -1",
    ),
    "a label beyond the classes": (
        lambda split: labelled(split, test=7),
        r"bad:1\.0\.0 cannot.*: ValueError: Class label 7",
    ),
    "an image that is none": (
        lambda split: labelled(split, image=b"not an image"),
        r"data\.name: 6 files of .* cannot be read: test/0 \(it is not an image",
    ),
    "a truncated image": (
        lambda split: labelled(split, image=png(IMAGE)[:-20]),
        r"6 files of .*it is cut short",
    ),
    "an image of the wrong type": (
        lambda split: labelled(split, image=np.zeros((4, 4, 3))),
        r"bad:1\.0\.0 cannot be prepared: ValueError: Image dtype should be .*uint8",
    ),
    "a missing feature": (lambda split: [{"x": IMAGE}], r"bad:1\.0\.0 cannot be prepared"),
    "a package that is missing": (
        import_missing,
        r"its builder needs a_package_that_is_not_there, which is not installed: pip install",
    ),
    "an exception": (
        raise_key_error,
        r"bad:1\.0\.0 cannot be prepared: KeyError: 'nothing' \(test_tens",
    ),
    "no examples": (lambda split: [], r"bad:1\.0\.0 cannot|no examples"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_data_give_one_sentence_and_leave_nothing_half_written(
    what: str, tmp_path: Path
) -> None:
    examples, sentence = BAD[what]
    features = {
        "x": tfds.features.Image(shape=(None, None, 3)),
        "y": tfds.features.ClassLabel(names=["a", "b", "c"]),
    }
    builder = make_builder(examples, features, "bad")
    with pytest.raises(RequestError, match=sentence) as caught:
        TensorFlowDatasets(builder=builder).read(tmp_path)
    assert len(caught.value.problems) == 1
    left = [path.name for path in tmp_path.rglob("*")]
    assert not [name for name in left if "partial" in name or "incomplete" in name]


def test_features_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    features = {
        "x": tfds.features.Sequence(np.int64),
        "y": tfds.features.Tensor(shape=(None,), dtype=np.int64),
    }

    def examples(split: str) -> list[dict[str, Any]]:
        return [{"x": [1, 2], "y": [1]}]

    with pytest.raises(RequestError) as caught:
        TensorFlowDatasets(builder=make_builder(examples, features, "odd")).read(tmp_path)
    assert [problem.where for problem in caught.value.problems] == ["data.input", "data.target"]
    assert "expected an image or numbers of one shape" in str(caught.value)


def test_a_damaged_record_is_reported(sets: Path, tmp_path: Path) -> None:
    shutil.copytree(sets / "ext_bars/tiny/1.2.0", tmp_path / "copy")
    (record,) = (tmp_path / "copy").glob("*train*")
    record.write_bytes(record.read_bytes()[: record.stat().st_size // 2])
    with pytest.raises(RequestError, match=r"train of .* cannot be read.*prepare it again"):
        TensorFlowDatasets(path=str(tmp_path / "copy"), resize=SIZE).read(tmp_path)


@pytest.mark.parametrize("feature", ["picture", "kind"])
def test_a_feature_that_no_record_has_is_reported(sets: Path, tmp_path: Path, feature: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sets / "ext_bars/tiny/1.2.0", copy)
    for path in copy.glob("*.json"):
        path.write_text(path.read_text().replace(f'"{feature}"', '"absent"'))
    source = TensorFlowDatasets(path=str(copy), resize=SIZE)
    with pytest.raises(RequestError, match=r"absent") as caught:
        source.read(tmp_path)
    assert len(caught.value.problems) == 1


class Profile(tfds.features.Tensor):
    """A feature of one's own."""


def test_features_of_ones_own_need_the_builder(tmp_path: Path) -> None:
    features = {
        "x": Profile(shape=(2,), dtype=np.float32),
        "y": tfds.features.ClassLabel(names=["a", "b"]),
    }

    def examples(split: str) -> list[dict[str, Any]]:
        return [{"x": np.float32([label, 2]), "y": label} for label in (0, 1)]

    builder = make_builder(examples, features, "profiled")
    for _ in range(2):
        found = TensorFlowDatasets(builder=builder).read(tmp_path)
        assert sorted(found.splits["train"].inputs[:, 0].tolist()) == [0, 1]
    with pytest.raises(RequestError, match="its module is not imported"):
        TensorFlowDatasets(path=str(tmp_path / "profiled/1.0.0")).read(tmp_path)


def test_splits_of_any_names_are_decoded_once(tmp_path: Path) -> None:
    features = {
        "x": tfds.features.Image(shape=(4, 4, 3)),
        "y": tfds.features.ClassLabel(names=["a", "b"]),
    }
    builder = make_builder(labelled, features, "named", splits=("north", "south"))
    chosen = {"train": "north", "test": "south"}
    for _ in range(2):
        stages: list[str] = []
        source = TensorFlowDatasets(builder=builder, splits=chosen)
        found = source.read(tmp_path, lambda stage, *_, stages=stages: stages.append(stage))
        assert {role: len(part.targets) for role, part in found.splits.items()} == {
            "train": 2,
            "test": 2,
        }
    assert not stages


@pytest.mark.parametrize("name", ["../x", "ext_bars/../../x", "ext_bars:../x", "/ext_bars", ""])
def test_a_name_cannot_be_a_path(tmp_path: Path, name: str) -> None:
    for builder in (None, ExtBars):
        with pytest.raises(RequestError, match=r"data\.name: got .*, expected a name such as"):
            TensorFlowDatasets(name, builder).read(tmp_path / "sets")
    assert not list(tmp_path.iterdir())


def test_a_module_named_by_a_foreign_set_is_not_imported(sets: Path, tmp_path: Path) -> None:
    shutil.copytree(sets / "ext_bars/tiny/1.2.0", tmp_path / "copy")
    features = tmp_path / "copy/features.json"
    text = features.read_text().replace("tensorflow_datasets.core.features.image_feature", "canary")
    features.write_text(text)
    with pytest.raises(RequestError, match=r"names the feature 'canary\.Image'"):
        TensorFlowDatasets(path=str(tmp_path / "copy")).read(tmp_path)
    assert "canary" not in sys.modules


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_images_of_other_types_are_those_of_tfds(tmp_path: Path, dtype: Any) -> None:
    values = np.random.default_rng(0).integers(0, 60000, (4, 5, 5, 1)).astype(dtype)
    features = {
        "x": tfds.features.Image(shape=(5, 5, 1), dtype=dtype),
        "y": tfds.features.ClassLabel(names=["a", "b"]),
    }

    def examples(split: str) -> list[dict[str, Any]]:
        return [{"x": image, "y": index % 2} for index, image in enumerate(values)]

    builder = make_builder(examples, features, "deep")
    found = TensorFlowDatasets(builder=builder).read(tmp_path).splits["train"].inputs
    assert found.dtype == np.float32
    expected = sorted(image.astype(np.float32).tobytes() for image in values)
    assert sorted(image.tobytes() for image in found) == expected


@pytest.mark.parametrize("encoding", ["png", "jpeg"])
def test_colours_are_in_the_order_of_tfds(tmp_path: Path, encoding: str) -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    image[..., 0] = 200  # red
    features = {
        "x": tfds.features.Image(shape=(8, 8, 3), encoding_format=encoding),
        "y": tfds.features.ClassLabel(names=["a", "b"]),
    }
    builder = make_builder(lambda split: labelled(split, image=image), features, "red")
    found = TensorFlowDatasets(builder=builder).read(tmp_path).splits["train"].inputs
    assert np.abs(found.astype(int) - image).max() <= 2
    grey = TensorFlowDatasets(builder=builder, colour="grey").read(tmp_path)
    assert abs(int(grey.splits["train"].inputs[0, 0, 0, 0]) - 0.299 * 200) <= 2


def test_progress_reaches_its_end(tmp_path: Path) -> None:
    stages: dict[str, tuple[int, int]] = {}

    def report(stage: str, done: int, total: int) -> None:
        stages[stage] = done, total

    TensorFlowDatasets("ext_bars/tiny", ExtBars, resize=SIZE).read(tmp_path, report)
    assert stages == {
        "prepare ext_bars/tiny:1.2.0": (1, 1),
        "decode ext_bars/tiny:1.2.0": (40, 40),
    }
    silent("", 0, 0)
