"""Arguments of wrong types for the Python functions are refused with one message each.

Oracle: the exception's type, and a text that a terminal shows.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import darnax
from darnax.phases import require_ordered

ODD: list[Any] = [
    None, 5, 5.5, True, b"abc", b"\xff", [], {}, (), np.zeros(3), object(), len, float("nan"),
    [None], "\0", "a\0b", "\ud800", "\x1b[2J", "x" * 100_000, "a/" * 3000, Path("a\0b"),
]  # fmt: skip
Call = Callable[[darnax.Run, Any], Any]
CALLS: dict[str, Call] = {
    "load": lambda run, odd: darnax.load(odd),
    "load, trust": lambda run, odd: darnax.load(run.folder, trust=odd),
    "Run": lambda run, odd: darnax.Run(odd),
    "Sweep": lambda run, odd: darnax.Sweep(odd),
    "runs": lambda run, odd: darnax.runs(odd),
    "compose": lambda run, odd: darnax.compose(odd),
    "compose, config": lambda run, odd: darnax.compose(config=odd),
    "train": lambda run, odd: darnax.train(odd),
    "sweep": lambda run, odd: darnax.sweep(odd),
    "build": lambda run, odd: darnax.build(odd),
    "build, steps": lambda run, odd: darnax.build(run.config, steps_per_epoch=odd),
    "compare": lambda run, odd: darnax.compare(odd),
    "compare, metric": lambda run, odd: darnax.compare(run, metric=odd),
    "compare, group_by": lambda run, odd: darnax.compare(run, group_by=odd),
    "to_csv": lambda run, odd: darnax.compare(run).to_csv(odd),
    "to_html": lambda run, odd: darnax.compare(run).to_html(odd),
    "export": lambda run, odd: run.export(odd),
    "evaluate": lambda run, odd: run.evaluate(odd),
    "analyse, examples": lambda run, odd: run.analyse(only="margins", examples=odd),
    "resume": lambda run, odd: run.resume(odd),
    "states, phase": lambda run, odd: run.states(np.zeros((1, 28, 28, 1)), odd),
    "predict": lambda run, odd: run.predict(odd),
}
# What stands for "nothing chosen", or is one after all.
MEANT = {
    ("compose, config", "None"), ("build, steps", "None"), ("compare, metric", "None"),
    ("states, phase", "None"), ("load, trust", "[]"), ("load, trust", "{}"), ("load, trust", "()"),
    ("compare, group_by", "[]"), ("compare, group_by", "{}"), ("compare, group_by", "()"),
    ("build, steps", "5"), ("analyse, examples", "5"),
    ("to_csv", "'\\x1b[2J'"), ("to_html", "'\\x1b[2J'"),  # a name of a file as good as any
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_a_wrong_argument_gives_one_message(trained, tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    for odd in ODD:
        if (call, repr(odd)[:20]) in MEANT or (call == "load, trust" and isinstance(odd, str)):
            continue
        with pytest.raises(darnax.RequestError) as refusal:
            CALLS[call](trained, odd)
        text = str(refusal.value)
        assert all(line.isprintable() for line in text.split("\n")), odd
        assert len(text) < 10_000
    assert not list(tmp_path.glob("outputs"))


IMAGES = np.zeros((2, 28, 28, 1))
NO_NUMBERS = {
    "objects": IMAGES.astype(object),
    "texts": IMAGES.astype(str),
    "dates": IMAGES.astype("M8[s]"),
    "complex": IMAGES.astype(complex),
    "ragged": [[1, 2], [3]],
}


@pytest.mark.parametrize("what", NO_NUMBERS)
def test_non_numeric_inputs_are_refused(trained, what):
    with pytest.raises(darnax.RequestError, match="x: "):
        trained.predict(NO_NUMBERS[what])


def test_inputs_that_are_not_finite_give_scores(trained):
    x = np.full((2, 28, 28, 1), np.nan, np.float32)
    assert trained.predict(x).shape == (2, 10)


def test_one_name_is_a_list_of_one(trained):
    assert darnax.compare(trained, group_by="seed").columns == ("seed",)
    assert darnax.load(trained.folder, trust="mylab").trusted == {"mylab"}


def test_options_of_the_command_line_are_named_as_arguments(trained: darnax.Run) -> None:
    with pytest.raises(darnax.RequestError, match=r"^metric: "):
        darnax.compare(trained, metric="nothing")
    with pytest.raises(darnax.RequestError, match=r"^group_by nothing: "):
        darnax.compare(trained, group_by=["nothing"])
    with pytest.raises(darnax.RequestError, match=r"^only: got nothing"):
        trained.analyse(only=["nothing"])
    with pytest.raises(darnax.RequestError, match=r"^progress: got 5, expected True, False"):
        darnax.train("+experiment=associations", progress=5)
    with pytest.raises(darnax.RequestError, match=r"^replica: got 1, expected an integer from 0"):
        trained.export("net.safetensors", replica=1)


def test_short_texts_name_parts_and_a_network_draws_its_connections(trained: darnax.Run) -> None:
    """Oracle: the names in the configuration of the experiment."""
    assert "w_in, hidden1" in repr(trained.network)
    assert "<td>w_in</td>" in trained.network._repr_html_()
    assert len(repr(trained.metrics)) < 300
    assert "infer: " in repr(trained.phases)


def test_phases_of_a_run_are_not_those_of_a_step(trained: darnax.Run) -> None:
    with pytest.raises(TypeError, match=r"phases\.train or phases\.infer"):
        require_ordered(trained.phases)
