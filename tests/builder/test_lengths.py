"""Reading a configuration takes a time linear in its length. Oracles: the time, and small cases."""

import pytest
from hanging import interrupted_if_endless
from hypothesis import given
from hypothesis import strategies as st

from darnax.builder.calls import parse_epochs
from darnax.builder.numbers import check_numbers
from darnax.builder.problems import Problems
from darnax.builder.specification import Model
from darnax.builder.wiring import Endpoint, Family, named_edges, read_buffers, read_endpoint
from darnax.connectivity import Convolved

ENDS = st.builds(
    lambda name, first, repeat, running, shift: Endpoint(
        Family(name, (3,), repeat, first), running, shift
    ),
    *(st.just("hidden"), st.integers(0, 3), st.integers(1, 5), st.booleans(), st.integers(-7, 7)),
)


def one_by_one(name, sender, receiver):
    """Return the edges by trying every possible i."""
    for i in range(1, 40) if sender.running or receiver.running else (0,):
        ends = receiver.at(i), sender.at(i)
        if None not in ends:
            yield (f"{name}{i}" if i else name, *ends)


@given(ENDS, ENDS)
def test_index_expressions_give_the_edges_of_an_adapter(sender, receiver):
    assert list(named_edges("a", sender, receiver)) == list(one_by_one("a", sender, receiver))


@pytest.mark.parametrize("text", ["hidden[i-99999999999999]", "hidden[i+99999999999999]"])
def test_a_large_index_is_not_reached_by_counting(text):
    buffers = read_buffers(
        {"input": [3], "hidden": {"size": [3], "repeat": 2}, "output": [3]}, Problems()
    )
    assert not list(
        named_edges("a", read_endpoint(text, buffers), read_endpoint("hidden[i]", buffers))
    )


def test_the_number_of_buffers_is_limited():
    problems = Problems()
    lines = {f"hidden_{n}_": {"size": [3], "repeat": 100} for n in range(11)}
    assert read_buffers({"input": [3], **lines, "output": [3]}, problems) is None
    assert "got 1102 buffers, expected 1000 at most" in str(problems.found[0])


def test_the_number_of_numeric_keys_is_limited():
    model = Model(
        buffers={"a": [1], "b": [1]},
        layers={},
        adapters={},
        **{f"q{n:012b}x": n for n in range(4000)},
    )
    problems = Problems()
    with interrupted_if_endless():
        check_numbers(model, problems)
    assert "got 4000 keys of numbers, expected 500 at most" in str(problems.found[0])


def test_a_number_of_epochs_beyond_float_range_is_a_string():
    text = "9" * 400 + " epochs"
    assert parse_epochs(text) == text


@pytest.mark.parametrize(("width", "fits"), [(63, True), (64, False), (10**8, False)])
def test_the_size_of_a_window_is_limited(width, fits):
    if fits:
        assert Convolved(1, 1, width).fan_in == width**2
        return
    with pytest.raises(ValueError, match="expected 63 at most"):
        Convolved(1, 1, width)
