"""Oracle: set algebra on the indices, and counting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darnax.data.selection import Selection
from darnax.errors import RequestError
from darnax.local_data import divide_examples
from darnax.local_data.array_examples import examples_from_arrays


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.data())
def test_train_validation_and_test_are_disjoint_and_complete(
    labels: list[int], data: st.DataObject
) -> None:
    validation = data.draw(st.integers(0, len(labels) - 1))
    test = data.draw(st.integers(0, len(labels) - 1 - validation))
    train, held_out, tested = Selection(validation=validation, test=test).divide(np.array(labels))
    assert (len(held_out), len(tested)) == (validation, test)
    assert sorted([*train, *held_out, *tested]) == list(range(len(labels)))
    assert (
        Selection(validation=validation).divide(np.array(labels))[1].tolist() == held_out.tolist()
    )


def naive_shares(
    labels: list[int], validation: float, test: float
) -> tuple[list[int], list[int], list[int]]:
    """Walk the permutation from its end, and fill the quota of every class."""
    order = np.random.default_rng(0).permutation(len(labels)).tolist()
    carved: dict[str, list[int]] = {"validation": [], "test": []}
    for name, share in (("validation", validation), ("test", test)):
        for label in set(labels):
            members = [index for index in order if labels[index] == label]
            free = [index for index in members if index not in carved["validation"]]
            count = min(int(share * len(members) + 0.5), len(free) - 1)
            carved[name] += free[len(free) - count :]
    rest = set(range(len(labels))) - {*carved["validation"], *carved["test"]}
    return sorted(rest), sorted(carved["validation"]), sorted(carved["test"])


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=60),
    st.floats(0.01, 0.95),
    st.sampled_from([0, 0.1, 0.25, 0.9]),
)
def test_shares_are_those_of_every_class(labels: list[int], validation: float, test: float) -> None:
    expected = naive_shares(labels, validation, test)
    selection = Selection(validation=validation, test=test)
    if not expected[1] or (test and not expected[2]):
        with pytest.raises(RequestError, match="which keeps none of"):
            selection.divide(np.array(labels))
        return
    divided = selection.divide(np.array(labels))
    assert tuple(part.tolist() for part in divided) == expected
    assert set(np.array(labels)[divided[0]]) == set(labels)  # every class is trained on


def test_a_number_and_a_share_together() -> None:
    labels = np.repeat(np.arange(4), 10)
    train, validation, test = Selection(validation=5, test=0.2).divide(labels)
    np.testing.assert_array_equal(validation, Selection(validation=5).divide(labels)[1])
    assert np.bincount(labels[test]).tolist() == [2, 2, 2, 2]
    assert sorted([*train, *validation, *test]) == list(range(40))
    with pytest.raises(RequestError, match=r"data\.test: got 40, expected fewer than the 36"):
        Selection(validation=0.1, test=40).divide(labels)


def test_validation_is_the_same_in_every_run_and_a_mixture() -> None:
    labels = np.repeat(np.arange(10), 100)
    first, second = (Selection(validation=200).divide(labels)[1] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert len(np.unique(labels[first])) == 10


def test_per_class_keeps_the_first_of_each_that_do_not_validate() -> None:
    labels = np.random.default_rng(0).integers(0, 5, 500)
    train, held_out, _ = Selection(validation=100, per_class=7).divide(labels)
    expected = [
        [i for i in range(500) if labels[i] == label and i not in set(held_out)][:7]
        for label in range(5)
    ]
    assert sorted(i for indices in expected for i in indices) == train.tolist()


def test_only_classes_renumbers_in_the_order_given() -> None:
    labels = np.array([0, 8, 3, 8, 1, 3])
    selection = Selection(only_classes=(8, 3))
    kept = selection.kept_indices(labels)
    assert kept.tolist() == [1, 2, 3, 5]
    assert selection.renumber(labels[kept]).tolist() == [0, 1, 0, 1]
    assert selection.renumber(labels[kept]).dtype == np.int32


@pytest.mark.parametrize(
    ("selection", "where"),
    [
        (Selection(validation=-1), "validation"),
        (Selection(validation=1.5), "validation"),
        (Selection(validation=float("nan")), "validation"),
        (Selection(test=1.0), "test"),
        (Selection(test=-0.1), "test"),
        (Selection(per_class=0), "per_class"),
        (Selection(only_classes=(1, 10)), "only_classes"),
        (Selection(only_classes=(1, 1)), "only_classes"),
        (Selection(only_classes=()), "only_classes"),
    ],
)
def test_invalid_selections_are_refused(selection: Selection, where: str) -> None:
    with pytest.raises(RequestError, match=f"data.{where}: got .*, expected"):
        selection.check(10)


@pytest.mark.parametrize("role", ["validation", "test"])
def test_a_share_above_one_is_refused_by_its_own_name_whatever_the_targets_are(role: str) -> None:
    arrays = {"train": (np.zeros((9, 2)), np.linspace(0, 1, 9))}
    selection = Selection(**{"test": 0.3, "validation": 0.3, role: 1.5})
    with pytest.raises(RequestError, match=rf"^data\.{role}: got 1\.5, expected 0, a number"):
        divide_examples(examples_from_arrays("mine", arrays), selection, memory_gib=1)


def test_selecting_more_examples_than_exist_is_refused() -> None:
    labels = np.array([0, 0, 1])
    with pytest.raises(
        RequestError, match=r"data\.validation: got 3, expected fewer than the 3 examples of train"
    ):
        Selection(validation=3).divide(labels)
    with pytest.raises(RequestError, match=r"data\.per_class: got 2, expected at most 1"):
        Selection(per_class=2).divide(labels)
