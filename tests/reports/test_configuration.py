"""Oracle: the trees that a run writes, and small cases worked out by hand."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from runs_on_disk import configured

from darnax.bounded_yaml import dump_plain
from darnax.reports.configuration import differing_keys, flatten, parse, short_names

NAMES = st.from_regex(r"[a-z_][a-z_*0-9]{0,6}", fullmatch=True)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=60)
    | st.lists(st.integers())
)
TREES = st.dictionaries(
    NAMES,
    st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=8),
    min_size=1,
)


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_reads_what_a_run_writes(tree):
    assert parse(dump_plain(tree)) == flatten(tree)


@pytest.mark.parametrize(
    "text",
    [
        "# a comment\n---\nname: x\nseed: 1\n",
        "{name: x,\nseed: 1}\n",
        "trust:\n- a\n- b\n\n# end\nname: x",
    ],
)
def test_reads_yaml_that_is_written_by_hand(text):
    assert parse(text) == flatten(yaml.safe_load(text)) | (
        {"trust": ("a", "b")} if "trust" in text else {}
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: [",
        "- a\n- b",
        "word",
        "a: 1\n b: 2",
        "a: &a x\nb: *a\n",
        "a: !!set {x}",
        "a: " + 201 * "[" + 201 * "]",
    ],
)
def test_an_invalid_configuration_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse(text)


def test_many_brackets_beside_each_other_are_not_deep():
    text = "".join(f"a{n}: {{from: 'hidden[{n}]'}}\n" for n in range(300))
    assert parse(text) == flatten(yaml.safe_load(text))


def flat(**changes):
    return flatten(configured(**changes))


def as_parsed(config):
    return parse(yaml.safe_dump(config, sort_keys=False))


def test_differing_leaves_out_what_repeats_another_key_and_what_has_no_effect():
    one, two = (
        as_parsed(configured(depth=1)),
        as_parsed(configured(depth=2, tracking={"console": False}, seed=3)),
    )
    assert differing_keys([one, two]) == ["model.depth", "seed"]
    assert differing_keys([one, two], {"model.buffers.hidden.repeat"}) == [
        "model.buffers.hidden.repeat",
        "seed",
    ]
    assert differing_keys([one, one]) == []


def test_a_length_that_repeats_the_epochs_is_left_out():
    runs = [
        parse(f"runner: {{epochs: {n}}}\noptimizer: {{rate: {{decay_steps: {n} epochs}}}}")
        for n in (5, 10)
    ]
    assert differing_keys(runs) == ["runner.epochs"]


def test_keys_that_change_together_but_not_alike_are_both_shown():
    one, two = as_parsed(configured(depth=1, j_d=0.5)), as_parsed(configured(depth=2, j_d=0.9))
    assert differing_keys([one, two]) == ["model.depth", "model.layers.hidden.j_d"]


def test_two_keys_that_were_both_asked_for_are_both_shown():
    runs = [parse(f"free: {n}\nrecall: {n}\nmirror: {n}") for n in (5, 10)]
    assert differing_keys(runs, {"free", "recall"}) == ["free", "recall"]


def test_experiments_differ_only_within_themselves():
    first = [as_parsed(configured(depth=d)) for d in (1, 2)]
    other = as_parsed(configured(name="other", j_d=0.9))
    assert differing_keys([*first, other]) == ["model.depth"]


def test_a_key_that_only_one_configuration_has_differs():
    assert differing_keys([parse("name: x\na: 1"), parse("name: x\na: 1\nb: 2")]) == ["b"]


def test_short_names_are_unique_among_all_keys():
    keys = ["a.steps", "b.steps", "b.size", "steps"]
    assert short_names(keys, keys) == {
        "a.steps": "a.steps",
        "b.steps": "b.steps",
        "b.size": "size",
        "steps": "steps",
    }
