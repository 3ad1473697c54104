"""Reading and writing files and YAML of unknown origin.

Oracles: the standard library for files; OmegaConf and the tree itself for YAML.
"""

import math
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf._utils import get_omega_conf_dumper
from omegaconf.errors import OmegaConfBaseException

from darnax.bounded_yaml import load_plain
from darnax.files import (
    in_memory,
    is_strange,
    open_inside,
    open_regular,
    read_bytes,
    read_text,
    write_inside,
)
from darnax.locks import file_lock, is_locked, is_locked_here


def bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as open_socket:
        open_socket.bind(str(path))


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)  # a sparse file of a terabyte


STRANGE: dict[str, Callable[[Path], object]] = {
    "a FIFO": os.mkfifo,
    "a folder": Path.mkdir,
    "a socket": bind,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a terminal": lambda path: path.symlink_to("/dev/tty"),
    "a link to a folder": lambda path: path.symlink_to(path.parent),
    "a link to itself": lambda path: path.symlink_to(path),
    "a broken link": lambda path: path.symlink_to(path.parent / "nothing"),
    "a link to a FIFO": lambda path: (os.mkfifo(path.with_name("pipe")), path.symlink_to("pipe")),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_only_regular_files_are_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    STRANGE[kind](path)
    assert is_strange(path)
    for read in (open_regular, read_bytes, read_text):
        with pytest.raises(OSError, match=r"."):
            read(path)
    assert is_locked_here(path) is None
    assert not is_locked(path)


@pytest.mark.parametrize("kind", STRANGE)
def test_only_regular_files_are_written(tmp_path: Path, kind: str) -> None:
    STRANGE[kind](tmp_path / "file")
    before = sorted(tmp_path.iterdir())
    for append in (False, True):
        with pytest.raises(OSError, match=r"."):
            open_inside(tmp_path, "file", append=append)
    with pytest.raises(OSError, match=r"."), file_lock(tmp_path / "file"):
        pass
    assert sorted(tmp_path.iterdir()) == before


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "file")
    with pytest.raises(FileNotFoundError):
        open_inside(tmp_path, "folder/file")
    assert not is_strange(tmp_path / "file")
    assert is_locked_here(tmp_path / "file") is None
    assert not list(tmp_path.iterdir())


def test_a_file_is_read_up_to_a_number_of_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_bytes(path, 5) == read_bytes(path, in_memory()) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        read_bytes(path, 4)
    huge(tmp_path / "huge")
    with pytest.raises(OSError, match="more than"):
        read_bytes(tmp_path / "huge")
    path.write_bytes(b"\xff")
    with pytest.raises(ValueError, match="utf-8"):
        read_text(path)
    assert read_bytes(Path("/proc/self/status"), 1 << 20).startswith(
        b"Name:"
    )  # whose size is reported as 0


def test_a_link_to_a_file_is_read_and_never_written_through(tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_text("precious")
    link.symlink_to(victim)
    assert read_text(link) == "precious"
    assert not is_strange(link)
    with pytest.raises(OSError, match="is a link"):
        open_inside(tmp_path, "link")
    (tmp_path / "inner").mkdir()
    (tmp_path / "outer").symlink_to("inner")
    with pytest.raises(OSError, match=r"."):
        open_inside(tmp_path, "outer/file")
    assert victim.read_text() == "precious"
    assert not list((tmp_path / "inner").iterdir())


def test_a_file_inside_is_made_replaced_or_continued(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    write_inside(tmp_path, "inner/file", "long first text")
    write_inside(tmp_path, "inner/file", "ä")
    assert (tmp_path / "inner" / "file").read_bytes() == "ä".encode()
    with open_inside(tmp_path, "inner/file", append=True) as file:
        file.write(b"!")
    assert (tmp_path / "inner" / "file").read_bytes() == "ä!".encode()
    (tmp_path / "elsewhere").symlink_to(tmp_path / "inner")
    write_inside(tmp_path / "elsewhere", "file", "x")  # the folder itself is named by the person
    assert (tmp_path / "inner" / "file").read_bytes() == b"x"


def test_no_handle_is_left_open(tmp_path: Path) -> None:
    for name, make in STRANGE.items():
        make(tmp_path / name.replace(" ", "-"))
    handles = Path("/proc/self/fd")
    before = len(list(handles.iterdir()))
    for name in (name for name in STRANGE if name != "a folder"):
        for _ in range(3):
            with pytest.raises(OSError, match=r"."):
                read_bytes(tmp_path / name.replace(" ", "-"))
            with pytest.raises(OSError, match=r"."):
                open_inside(tmp_path, f"{name.replace(' ', '-')}")
            with pytest.raises(OSError, match=r"."):
                open_inside(tmp_path, f"{name.replace(' ', '-')}/file")
    assert len(list(handles.iterdir())) == before


PLAIN = [
    "a: 1", "a: 1e-3", "a: 1.0e-3", "a: -1E+5", "a: .5", "a: 5.", "a: -.inf", "a: .nan",
    "a: 1_000", "a: 0x1F", "a: 0b11", "a: 017", "a: 08", "a: 1:30", "a: 1:30.5", "a: 2026-01-02",
    "a: 2026-01-02 10:00:00", "a: yes", "a: off", "a: 'on'", "a: ~", "a: null", "a:", "a: ''",
    "a: '<<'", "a: 1.2.3", "a: 1e", "a: e3", "a: +1", "a: .", "a: _1", "a: 1__0", "a: 0.1e-7",
    "a: |\n  two\n  lines\n", "a: >\n  two\n  lines\n", "a: [1, 1e3, x]", "a: {b: {c: 1e3}}",
    "1: a", "1.5: a", "true: a", "on: a", "a: \"\\u202e\"", "a: 'it''s'", "- 1\n- 2",
    "# only\na: 1 # this", "---\na: 1\n...\n", "{a: 1, b: 2}",
    "a: 123456789012345678901234567890", "a: 9007199254740993", "a: 1e400", "a: 0o17", "? a\n: 1",
]  # fmt: skip


@pytest.mark.parametrize("text", PLAIN)
def test_plain_yaml_equals_the_result_of_omegaconf(text: str) -> None:
    assert same(load_plain(text), OmegaConf.to_container(OmegaConf.create(text)))


def same(a: object, b: object) -> bool:
    """Return whether values and their types are equal; nan equals nan."""
    if isinstance(a, dict) and isinstance(b, dict):
        return (
            list(a) == list(b)
            and [type(k) for k in a] == [type(k) for k in b]
            and all(same(a[k], b[k]) for k in a)
        )
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    both_nan = isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b)
    return type(a) is type(b) and (a == b or both_nan)


REFUSED = {
    "a call": "a: !!python/object/apply:os.system ['touch x']",
    "a name": "a: !!python/name:os.system",
    "a custom tag": "a: !mine x",
    "pairs": "a: !!pairs [b: 1]",
    "an ordered map": "a: !!omap [b: 1]",
    "a set": "a: !!set {x}",
    "bytes": "a: !!binary aGk=",
    "a text by its tag": "a: !!str 1",
    "a tag on a key": "!!str a: 1",
    "a tag on the document": "!!map {a: 1}",
    "a tag by a handle": "%TAG ! tag:yaml.org,2002:python/\n---\na: !name:os.system x",
    "an alias": "a: &x 1\nb: *x",
    "a merge": "a: &x {b: 1}\nc: {<<: *x}",
    "itself": "a: &x [*x]",
    "a key twice": "a: 1\na: 2",
    "a key twice inside": "a: {b: 1, b: 2}",
    "keys that are equal": "1: a\n1.0: b",
    "null as a key": "null: a",
    "a list as a key": "? [a]\n: 1",
    "a mapping as a key": "? {a: 1}\n: 1",
    "two documents": "a: 1\n---\nb: 1",
    "no end": "a: [",
    "a tab": "a:\n\t- b",
    "brackets": "a: " + "[" * 100000 + "]" * 100000,
    "braces": "{a: " * 50000 + "1" + "}" * 50000,
    "dashes": "- " * 20000 + "x",
    "steps": "\n".join(" " * level + "a:" for level in range(2000)),
    "a control character": "a: \x00",
}


@pytest.mark.parametrize("what", REFUSED)
def test_other_yaml_is_refused(what: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_plain(REFUSED[what])


# OmegaConf's writer does not escape these line breaks, which YAML folds; `dump_plain` does.
BREAKS = "\x85\u2028\u2029"
LETTERS = st.characters(exclude_characters=BREAKS, exclude_categories=["Cs"])
TEXT = st.text(LETTERS, max_size=30)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(LETTERS, max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(TREES)
def test_values_written_by_omegaconf_are_read_back(tree: object) -> None:
    text = yaml.dump(
        {"a": tree}, Dumper=get_omega_conf_dumper(), allow_unicode=True, sort_keys=False
    )
    assert same(load_plain(text), {"a": tree})


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(alphabet="ab01.eE+-_:[]{},'\"&*!|>?#%@ \n~<=\t", max_size=30))
def test_any_text_accepted_by_both_readers_gives_equal_values(text: str) -> None:
    try:
        found, expected = (
            load_plain(f"a: {text}"),
            OmegaConf.to_container(OmegaConf.create(f"a: {text}")),
        )
    except (ValueError, yaml.YAMLError, OmegaConfBaseException):
        return
    assert same(found, expected)
