"""Phases with gains, factors and starts in a configuration. Oracle: the words and numbers."""

import pytest
from chain import changed

from darnax.builder import build
from darnax.errors import RequestError

CLAMPED = "dynamics.train.clamped"


def phase_of(**keys):
    made = build(changed({f"{CLAMPED}.{key}": value for key, value in keys.items()}))
    return made.train["clamped"]


def test_names_stand_for_all_modules_of_an_entry():
    phase = phase_of(messages=["w_in", "up"], learn={"hidden": -0.5, "w_*": 2})
    assert phase.messages == ("w_in", "up[0-9]*")
    assert [phase.gain(name) for name in ("up1", "up2", "down1")] == [1, 1, None]
    assert [phase.factor(name) for name in ("hidden1", "w_in", "up1")] == [-0.5, 2, None]


def test_numbers_are_kept_in_their_order():
    gains = phase_of(messages={"w_back": 0.5, "down": -1, "*": 1}).messages
    assert dict(gains) == {"w_back": 0.5, "down[0-9]*": -1, "*": 1}
    assert [gains.find(name) for name in ("w_back", "down2", "w_in")] == [0.5, -1, 1]


def test_phases_start_from_earlier_ones():
    assert build(changed({"dynamics.train.recall.start": "clamped"})).train["recall"].start == (
        "clamped"
    )


REFUSED = {
    "an unknown name": ({"messages": ["w_inn"]}, "messages: no module is called w_inn"),
    "an unknown name of a gain": ({"messages": {"w_bak": 1}}, "no module is called w_bak"),
    "an unknown name of a factor": ({"learn": {"hiden": 1}}, "learn: no module is called hiden"),
    "no number": ({"messages": {"w_in": "much"}}, "or a list or a mapping of numbers"),
    "a list": ({"messages": {"w_in": [1, 2]}}, "or a list or a mapping of numbers"),
    "infinite": ({"messages": {"w_in": float("inf")}}, "w_in: got inf, expected a finite number"),
    "true": ({"learn": {"w_in": True}}, "expected a list or a mapping of numbers"),
    "no name": ({"messages": []}, "messages: got no name, expected at least one"),
    "no entry": ({"messages": {}}, "messages: got an empty mapping, expected at least one name"),
    "an object": (
        {"messages": {"_target_": "darnax.rules.Hebbian"}},
        "expected words and numbers: a phase holds no object",
    ),
    "an unknown word": ({"messages": "some"}, "messages: got"),
    "a later phase": ({"start": "recall"}, "start: got recall, expected one of keep, blank"),
    "itself": ({"start": "clamped"}, "start: got clamped, expected one of keep, blank, random"),
    "an unknown target": ({"target": "wronk"}, "target: got"),
    "an unknown input": ({"input": "noisy"}, "input: got"),
    "a gain that no message has": (
        {"messages": {"w_back": 1, "w_b*": 0.5}},
        "messages: w_b*: has no effect, since other entries match the same modules more closely",
    ),
    "a factor of no module": (
        {"learn": {"hidden": 1, "hidden*": -1}},
        "learn: hidden*: has no effect, since other entries match the same modules more closely",
    ),
}


@pytest.mark.parametrize(("keys", "message"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_phase_is_refused_in_one_sentence(keys, message):
    with pytest.raises(RequestError) as error:
        phase_of(**keys)
    (problem,) = error.value.problems
    assert str(problem).startswith(CLAMPED)
    assert message in str(problem)
    assert "\n" not in str(problem)


def test_all_problems_of_the_phases_are_reported_at_once():
    keys = {
        f"{CLAMPED}.start": "nowhere",
        f"{CLAMPED}.messages": {"w_inn": 1},
        f"{CLAMPED}.target": "wrong",
        f"{CLAMPED}.wrong_by": "recall",
        f"{CLAMPED}.learn": ["hiden"],
        f"{CLAMPED}.target_state": "later",
        "dynamics.train.free.steps": -1,
        "dynamics.score": "reccall",
        "dynamics.infer.recall.start": "clamped",
        "dynamics.infer.recall.learn": ["w_in"],
    }
    with pytest.raises(RequestError) as error:
        build(changed(keys))
    found = sorted(problem.where for problem in error.value.problems)
    expected = [where for where in keys if not where.endswith((".target", ".steps"))]
    assert found == sorted([*expected, "dynamics.train.free"])


def test_names_are_checked_in_a_phase_that_is_wrong_in_something_else():
    keys = {f"{CLAMPED}.target": "wronk", f"{CLAMPED}.learn": {"hiden": 1}}
    keys |= {f"{CLAMPED}.messages": ["w_inn", "w_in"], f"{CLAMPED}.start": "nowhere"}
    keys |= {f"{CLAMPED}.target_state": "later"}
    with pytest.raises(RequestError) as error:
        build(changed(keys))
    assert {problem.where for problem in error.value.problems} == set(keys)


def test_an_entry_that_repeats_what_holds_is_no_problem():
    assert phase_of(messages={"*": 1, "w_back": 1.0}).gain("w_back") == 1
