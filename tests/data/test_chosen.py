"""Settings that select examples of a source. Oracle: examples that contain their own index."""

from dataclasses import replace

import numpy as np
import pytest

from darnax.data import Dataset, Resident, Streamed
from darnax.data.reader import Arrays
from darnax.data.selection import Selection
from darnax.data.subsets import select_examples
from darnax.errors import RequestError


def numbered(first: int, count: int) -> Resident:
    """Return examples that contain their index, with cyclic classes."""
    numbers = np.arange(first, first + count, dtype=np.int32)
    return Resident(numbers[:, None].astype(np.float32), numbers % 3)


CLASSES = Dataset("numbers", numbered(0, 60), numbered(100, 12), numbered(200, 30), tuple("abc"))
ALONE = replace(CLASSES, validation=None)
PATTERNS = Resident(np.ones((9, 4), np.float32), np.ones((9, 2), np.float32))


def numbers(split: Resident) -> list[int]:
    return np.asarray(split.inputs)[:, 0].astype(int).tolist()


def test_default_settings_keep_all_examples() -> None:
    assert select_examples(CLASSES, Selection()) is CLASSES


@pytest.mark.parametrize(
    ("own", "existing"), [(CLASSES.validation, True), (None, False), (None, True)]
)
def test_a_missing_validation_split_is_taken_from_train(
    own: Resident | None, existing: bool
) -> None:
    chosen = select_examples(
        replace(CLASSES, validation=own), Selection(validation=7), existing=existing
    )
    assert len(numbers(chosen.validation)) == 7
    assert sorted(numbers(chosen.train) + numbers(chosen.validation)) == list(range(60))
    assert chosen.test is CLASSES.test
    np.testing.assert_array_equal(
        chosen.validation.targets, np.array(numbers(chosen.validation)) % 3
    )


def test_per_class_keeps_the_first_examples_of_each_class_of_train() -> None:
    chosen = select_examples(CLASSES, Selection(per_class=4))
    assert numbers(chosen.train) == list(range(12))
    assert (chosen.validation, chosen.test) == (CLASSES.validation, CLASSES.test)


def test_only_classes_holds_for_every_split_and_renumbers() -> None:
    chosen = select_examples(CLASSES, Selection(only_classes=(2, 0)))
    assert chosen.class_names == ("c", "a")
    for split, whole in (
        (chosen.train, CLASSES.train),
        (chosen.validation, CLASSES.validation),
        (chosen.test, CLASSES.test),
    ):
        assert numbers(split) == [number for number in numbers(whole) if number % 3 != 1]
        assert split.targets.tolist() == [{2: 0, 0: 1}[number % 3] for number in numbers(split)]


RECALL = Dataset("recall", PATTERNS, PATTERNS, PATTERNS, ())
PAIRS = Dataset("pairs", PATTERNS, None, Resident(*PATTERNS.__dict__.values()), ())
STREAM = replace(
    CLASSES, train=Streamed(lambda chosen: Arrays(chosen, chosen), np.arange(9), 3, seed=0)
)


@pytest.mark.parametrize(
    ("dataset", "selection", "refused"),
    [
        (
            RECALL,
            Selection(validation=2),
            r"data\.validation: recall is tested on what it trains on",
        ),
        (RECALL, Selection(per_class=2), r"data\.per_class: the targets of recall are not classes"),
        (
            PAIRS,
            Selection(only_classes=(0,)),
            r"data\.only_classes: the targets of pairs are not classes",
        ),
        (
            STREAM,
            Selection(validation=2),
            r"data\.validation: numbers does not hold its examples in memory",
        ),
        (
            STREAM,
            Selection(per_class=2),
            r"data\.per_class: numbers does not hold its examples in memory",
        ),
        (
            CLASSES,
            Selection(only_classes=(3,)),
            r"data\.only_classes: got \[3\], expected different labels from 0 to 2",
        ),
        (
            CLASSES,
            Selection(validation=7),
            r"got 7, expected 0: numbers has a validation split of its own, of 12",
        ),
        (
            ALONE,
            Selection(validation=60),
            r"data\.validation: got 60, expected fewer than the 60 examples",
        ),
        (CLASSES, Selection(per_class=21), r"data\.per_class: got 21, expected at most 20"),
    ],
)
def test_a_setting_that_does_not_apply_is_refused_by_name(
    dataset: Dataset, selection: Selection, refused: str
) -> None:
    with pytest.raises(RequestError, match=refused):
        select_examples(dataset, selection)


def test_all_settings_that_do_not_apply_are_named_at_once() -> None:
    with pytest.raises(RequestError) as caught:
        select_examples(RECALL, Selection(validation=2, per_class=2, only_classes=(0,)))
    assert [problem.where for problem in caught.value.problems] == [
        "data.validation",
        "data.per_class",
        "data.only_classes",
    ]


def test_validation_pairs_are_taken_from_train_if_test_pairs_differ() -> None:
    assert len(select_examples(PAIRS, Selection(validation=2)).validation) == 2
