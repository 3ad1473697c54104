"""Writing plain YAML. Oracle: the written value, and OmegaConf's reader."""

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from darnax.bounded_yaml import dump_plain, load_plain

ODD = [
    *(
        "1e-3",
        "1.0",
        "1_000",
        "0x10",
        "0o7",
        "010",
        "on",
        "no",
        "yes",
        "null",
        "~",
        "=",
        "<<",
        "*a",
        "&a",
        "!x",
        "-",
    ),
    *(
        "?",
        ":",
        "#",
        "@package",
        "%x",
        "2024-01-01",
        "1:30",
        ".inf",
        ".nan",
        "???",
        "${a}",
        "${b:c}",
        "|",
        ">",
        "'",
        '"',
    ),
]
TEXTS = st.sampled_from([*ODD, "", " a", "a: b", "a\nb", "\u2028", "\x85", "ß"]) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(TEXTS, TREES))
def test_written_yaml_is_read_back(tree):
    assert repr(load_plain(dump_plain(tree))) == repr(tree)


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(ODD[:16]), TREES.filter(lambda tree: "${" not in repr(tree)), min_size=1
    )
)
def test_omegaconf_reads_the_same(tree):
    assert repr(OmegaConf.to_container(OmegaConf.create(dump_plain(tree)))) == repr(tree)


def test_a_shared_value_is_written_twice():
    shared = {"a": 1}
    assert dump_plain({"x": shared, "y": shared}) == "x:\n  a: 1\ny:\n  a: 1\n"


def test_the_loader_and_the_dumper_of_pyyaml_stay_as_they_are():
    """YAML 1.1, by which `1e-3` is a text."""
    assert yaml.safe_load("1e-3") == "1e-3"
    assert yaml.safe_dump("1e-3") == "1e-3\n...\n"
