"""What targets are taken for. Oracle: dictionaries and loops over the labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darnax.data import Values
from darnax.errors import RequestError
from darnax.local_data.array_examples import examples_from_arrays, pairs_from_names
from darnax.local_data.targets import convert_targets


@settings(deadline=None, max_examples=50)
@given(
    st.one_of(
        st.lists(st.integers(-50, 2000), min_size=1, max_size=40),
        st.lists(st.text(alphabet="abcß ", max_size=3), min_size=1, max_size=40),
        st.lists(st.booleans(), min_size=1, max_size=40),
    )
)
def test_labels_are_sorted_and_numbered(labels: list[int] | list[str]) -> None:
    found = convert_targets({"train": np.array(labels)})
    order = sorted(set(labels))
    assert found.class_names == tuple(str(label) for label in order)
    assert found.splits["train"].tolist() == [order.index(label) for label in labels]
    assert found.splits["train"].dtype == np.int32


def test_names_of_other_kinds_are_read() -> None:
    for dtype in (object, "S3", "U3"):
        targets = np.array(["dog", "cat", "dog"]).astype(dtype)
        assert convert_targets({"train": targets}).class_names == ("cat", "dog")


@pytest.mark.parametrize("low", [0, -1])
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_one_hot_rows_are_classes(low: int, dtype: type) -> None:
    classes = np.array([2, 0, 1, 2])
    found = convert_targets({"train": np.where(np.eye(4)[classes] == 1, 1, low).astype(dtype)})
    assert found.splits["train"].tolist() == [2, 0, 1, 2]
    assert found.class_names == ("0", "1", "2", "3")  # the fourth has no example


def test_one_hot_rows_have_one_length() -> None:
    splits = {"train": np.eye(3), "test": np.eye(4)}
    with pytest.raises(RequestError, match="have 3 and 4 columns in different splits"):
        convert_targets(splits)


def test_a_number_is_no_misspelt_number() -> None:
    splits = {"train": np.arange(10), "test": np.array([12])}
    with pytest.raises(RequestError, match="test has the classes 12, of which train has no"):
        convert_targets(splits)


def test_signs_are_patterns_and_other_numbers_values() -> None:
    signs = np.array([[1, -1, 1], [-1, -1, 1]])
    found = convert_targets({"train": signs})
    assert found.class_names == ()
    np.testing.assert_array_equal(found.splits["train"], signs.astype(np.float32))
    values = convert_targets({"train": np.array([0.5, 2.0])})
    assert values.splits["train"].tolist() == [[0.5], [2.0]]
    assert values.splits["train"].dtype == np.float32


def test_the_kind_may_be_given() -> None:
    numbers = np.array([3, 1, 2])
    assert convert_targets({"train": numbers}, "values").splits["train"].tolist() == [[3], [1], [2]]
    whole = convert_targets({"train": numbers.astype(float)}, "classes")
    assert whole.class_names == ("1", "2", "3")
    for targets, kind, sentence in (
        (numbers, "patterns", "contain other numbers than 1 and −1"),
        (
            np.array([0.5]),
            "classes",
            "are real numbers, expected classes; give data.targets=values",
        ),
        (np.array(["a"]), "values", "expected numbers for values"),
        (numbers, "labels", "data.targets: got 'labels', expected null, classes, patterns or"),
    ):
        with pytest.raises(RequestError, match=sentence):
            convert_targets({"train": targets}, kind)


def test_classes_keep_a_given_order() -> None:
    labels = {"train": np.array([7, 5]), "test": np.array([5])}
    found = convert_targets(labels, class_names=("9", "7", "5"))
    assert [part.tolist() for part in found.splits.values()] == [[1, 2], [2]]
    with pytest.raises(
        RequestError, match=r"train has the classes 5, which are not in data\.class"
    ):
        convert_targets(labels, class_names=("9", "7"))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float64, np.float16, bool])
@pytest.mark.parametrize("shape", [(), (3,), (2, 2, 2)])
def test_inputs_of_any_shape_and_type(dtype: type, shape: tuple[int, ...]) -> None:
    x = (np.arange(4 * int(np.prod(shape))).reshape(4, *shape) % 2).astype(dtype)
    inputs, _ = examples_from_arrays("x", {"train": (x, [0, 1, 0, 1])}).splits["train"]
    assert inputs.dtype == (np.uint8 if dtype is np.uint8 else np.float32)
    np.testing.assert_array_equal(inputs.reshape(x.shape), x.astype(np.float32))


def test_names_of_arrays_in_any_case() -> None:
    pairs = pairs_from_names({"X_train": 1, "Y_TRAIN": 2, "x_val": 3, "y_val": 4}, "data.path")
    assert pairs == {"train": (1, 2), "validation": (3, 4)}


def test_the_score_of_values_is_the_squared_error_in_their_code() -> None:
    code, rng = Values(mean=2.0, deviation=4.0), np.random.default_rng(0)
    targets = rng.normal(2, 4, (5, 3)).astype(np.float32)
    prediction = rng.normal(0, 1, (5, 3)).astype(np.float32)
    expected = [
        sum(((targets[b, i] - 2) / 4 - prediction[b, i]) ** 2 for i in range(3)) / 3
        for b in range(5)
    ]
    scores = code.score(prediction, code.encode(targets, 3))
    np.testing.assert_allclose(scores, expected, rtol=1e-5)
    assert (code.score_name, code.higher_is_better) == ("squared_error", False)
