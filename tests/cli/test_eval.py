"""`darnax eval` and the confusion matrix. Oracles: counts by hand; Wilson's equation."""

import errno
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darnax.reports import confusion
from darnax.runner.evaluate import Evaluation

MATRIX = np.array([[8, 2, 0], [1, 4, 0], [0, 0, 0]])
NAMES = ("T-shirt & <top>", "trouser", "never")


def make_evaluation(checkpoint):
    """Return an evaluation of the network of a checkpoint."""
    return Evaluation(
        scores=np.array([0.8]),
        examples=15,
        majority_rate=0.5,
        class_names=NAMES,
        confusion=MATRIX,
        right_or_wrong=True,
        checkpoint=checkpoint,
    )


def test_eval_prints_and_draws(lab, monkeypatch):
    import darnax.laboratory.reopening

    asked = []

    def evaluate(run, overrides, display):
        asked.append((str(run), overrides))
        return make_evaluation("best.safetensors (step 7, the best by eval/accuracy)")

    monkeypatch.setattr(darnax.laboratory.reopening, "evaluate", evaluate)
    (lab.place / "one").mkdir()
    result = lab("eval", "one", "data.batch_size=5")
    assert result.exit_code == 0, result.output
    assert asked == [("one", ["data.batch_size=5"])]
    lines = result.stdout.splitlines()
    assert lines[0] == "checkpoint best.safetensors (step 7, the best by eval/accuracy)"
    assert lines[1].startswith("accuracy 80.00%  (95% interval 54.81% to 92.95%, 15 examples)")
    rows = [line.removeprefix("T-shirt & <top>").split() for line in lines[4:7]]
    assert rows == [
        ["10", "80.00%", "88.89%"],
        ["trouser", "5", "80.00%", "66.67%"],
        ["never", "0"],
    ]
    assert lab.left() == ["one", "one/confusion.html", "one/confusion.svg"]


def test_a_read_only_folder_is_evaluated_and_what_was_not_written_is_said(lab, monkeypatch):
    import darnax.laboratory.reopening
    from darnax.api import evaluation

    def refuse(folder, name, content):
        raise PermissionError(errno.EACCES, "Permission denied", str(folder / name))

    found = make_evaluation("best.safetensors")
    monkeypatch.setattr(darnax.laboratory.reopening, "evaluate", lambda *_: found)
    monkeypatch.setattr(evaluation, "write_inside", refuse)
    Path("one").mkdir()
    result = lab("eval", "one")
    assert result.exit_code == 0, result.output
    assert "accuracy 80.00%" in result.stdout
    assert "confusion" not in result.stdout
    (line,) = result.stderr.splitlines()
    assert line.startswith("warning: one/confusion.svg was not written (Permission denied)")


@pytest.mark.parametrize(
    ("right_or_wrong", "line"),
    [(True, "accuracy 80.00%  (95% interval"), (False, "score 0.8000  (mean")],
)
def test_only_an_accuracy_has_a_confidence_interval(lab, monkeypatch, right_or_wrong, line):
    import darnax.laboratory.reopening

    found = Evaluation(
        scores=np.array([0.8]),
        examples=15,
        majority_rate=None,
        class_names=(),
        confusion=np.zeros((0, 0)),
        right_or_wrong=right_or_wrong,
        checkpoint="best.safetensors",
    )
    monkeypatch.setattr(darnax.laboratory.reopening, "evaluate", lambda *_: found)
    (lab.place / "one").mkdir()
    lines = lab("eval", "one").stdout.splitlines()
    assert lines[1].startswith(line)
    assert len(lines) == 2
    assert ("interval" in lines[1]) is right_or_wrong
    assert lab.left() == ["one"]


@given(st.integers(1, 20000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_ends_of_the_interval_solve_the_equation_of_wilson(case):
    correct, n = case
    share = correct / n
    for end in confusion.interval(correct, n):
        assert (share - end) ** 2 == pytest.approx(
            1.959964**2 * end * (1 - end) / n, rel=1e-6, abs=1e-12
        )
    assert (
        confusion.interval(correct, n)[0] - 1e-12
        <= share
        <= confusion.interval(correct, n)[1] + 1e-12
    )


def test_the_interval_without_examples_is_zero_to_one():
    assert confusion.interval(0, 0) == (0.0, 1.0)


def test_the_picture_is_svg_with_every_count_and_name():
    root = ET.fromstring(confusion.draw(MATRIX, NAMES))
    titles = [element.text for element in root.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == 9
    assert titles[1] == "T-shirt & <top> taken for trouser: 2 (20.0%)"
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if text and text.isdigit()] == ["8", "2", "1", "4"]
    assert texts.count("trouser") == 2
