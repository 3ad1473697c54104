"""References in a plain configuration. Oracle: OmegaConf on the same text; the module's bounds."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from darnax.composing import references
from darnax.errors import RequestError

WORDS = ["a", "b", "c"]
KEYS = st.lists(st.sampled_from([*WORDS, "0", "1"]), min_size=1, max_size=3).map(".".join)
REFERENCES = st.builds("${{{}{}}}".format, st.sampled_from(["", "", ".", ".."]), KEYS)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, 1e-5, "x", "1", "", "two words"]),
)
TEXTS = st.one_of(
    REFERENCES, st.builds("{}-{}".format, REFERENCES, st.sampled_from(["x", "${seed}"]))
)
TREES = st.recursive(
    st.one_of(SCALARS, TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(WORDS), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(WORDS), TREES, min_size=1).map(lambda tree: {**tree, "seed": 7})
)
def test_references_resolve_as_in_omegaconf(tree):
    before = copy.deepcopy(tree)
    try:
        expected = OmegaConf.to_container(OmegaConf.create(tree), resolve=True)
    except (
        OmegaConfBaseException,
        RecursionError,
    ):  # what it cannot resolve is refused, or was given a value by a follower
        return
    if "${" in repr(expected):
        # OmegaConf leaves the references of a list unresolved where the list is a part of a text.
        return
    found = references.resolve(references.make_all_absolute(tree))
    assert repr(found) == repr(expected)
    assert tree == before


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        ({"a": "${b}"}, "a: refers to ${b}, which does not exist"),
        ({"depth": 1, "a": "${dept}"}, "did you mean depth?"),
        ({"a": "${a}"}, "to itself"),
        ({"a": "${b}", "b": "${a}"}, "to itself"),
        ({"a": {"b": "${a}"}}, "to itself"),
        ({"a": "${b.x}", "b": "${a.x}"}, "to itself"),
        ({"a": "x ${a}"}, "to itself"),
        ({"a": "???"}, "has no value yet"),
        ({"a": "$", "b": "${a}{oc.env:HOME}"}, "still refers to something"),
        ({f"a{i}": f"${{a{i + 1}}}" for i in range(60)} | {"a60": 1}, "more than 50 references"),
        (
            {"a0": ["x"], **{f"a{i}": [f"${{a{i - 1}}}"] * 9 for i in range(1, 12)}},
            "unfold to more than",
        ),
        (
            {"a0": "xxxxxxxx", **{f"a{i}": f"${{a{i - 1}}}" * 9 for i in range(1, 12)}},
            "unfold to more than",
        ),
        (
            {"a0": {"x": 1}, **{f"a{i}": {"x": f"${{a{i - 1}}}"} for i in range(1, 400)}},
            "more than 50 references",
        ),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value,
)
def test_an_unresolvable_reference_is_refused_in_bounded_time(tree, says):
    with pytest.raises(RequestError) as caught:
        references.resolve(tree)
    assert says in str(caught.value)
    assert len(caught.value.problems) <= references.MOST


def test_plain_references_are_recognised_by_their_text():
    plain = ["x", "${a}", "${a.b}", "${a[0].b}", "${..a}", "a ${b} c ${d}", "$a", "{a}", "${x/y}"]
    other = [
        "${oc.env:A}",
        "${a:}",
        "${${a}}",
        "${a.${b}}",
        r"\${a}",
        "${",
        "${}",
        "${a",
        "$${a}{b:c}",
        "${a b}",
        "${:a}",
        "${'a'}",
    ]
    assert [text for text in plain if not references.is_plain(text)] == []
    assert [text for text in other if references.is_plain(text)] == []
