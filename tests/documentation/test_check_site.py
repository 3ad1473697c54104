"""The check of the built site. Oracle: small sites with one fault each."""

import runpy
import zlib
from pathlib import Path

import pytest

CHECK = runpy.run_path(
    str(Path(__file__).parents[2] / "scripts" / "documentation" / "check_site.py")
)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="b.html#there">b</a><a href="https://arxiv.org/x">x</a>', None),
        ('<a href="c.html">c</a>', "nothing is at c.html"),
        ('<a href="b.html#gone">b</a>', "nothing is at b.html#gone"),
        ('<img src="gone.png">', "nothing is at gone.png"),
        ('<script src="https://cdn.example/x.js"></script>', "loads https://cdn.example/x.js"),
        ('<autoref identifier="darnax.gone">x</autoref>', "no such reference: darnax.gone"),
    ],
)
def test_a_fault_is_found(tmp_path: Path, body: str, problem: str | None) -> None:
    (tmp_path / "a.html").write_text(body)
    (tmp_path / "b.html").write_text('<h2 id="there">b</h2>')
    found = CHECK["find_problems"](tmp_path)
    assert found == ([] if problem is None else [f"a.html: {problem}"])


def test_a_public_name_without_an_entry_is_found(tmp_path: Path) -> None:
    package = tmp_path / "lab"
    (package / "part").mkdir(parents=True)
    (package / "__init__.py").write_text('__all__ = ["run"]')
    (package / "part" / "__init__.py").write_text('__all__ = ["here", "gone"]')
    entries = "lab.run py:function 1 x -\nlab.part.here py:class 1 x -\n"
    inventory = b"# ... compressed using zlib.\n" + zlib.compress(entries.encode())
    (tmp_path / "objects.inv").write_bytes(inventory)
    assert CHECK["missing_names"](tmp_path, package) == [
        "lab.part.gone is not in the API reference"
    ]
