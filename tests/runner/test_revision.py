"""The commit of the working directory. Oracle: git itself, in repositories of the test.

In those of others, the oracle is a file that any program they name would leave behind.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from darnax.runner import git_revision
from darnax.runner.environment import describe_environment
from darnax.runner.git_revision import read_revision

WHO = (
    "-c",
    "user.name=a",
    "-c",
    "user.email=a@b",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "protocol.file.allow=always",
)


def git(place: Path, *words: str) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ("git", *WHO, *words),
        cwd=place,
        env=own | quiet,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def repository(place: Path, *options: str) -> Path:
    place.mkdir(parents=True)
    git(place, "init", "--initial-branch=main", *options)
    (place / "code.py").write_text("a = 1\n")
    git(place, "add", ".")
    git(place, "commit", "-m", "first")
    return place


@pytest.mark.parametrize("options", [(), ("--object-format=sha256",)], ids=["sha1", "sha256"])
def test_the_commit_of_a_repository(tmp_path: Path, options: tuple[str, ...]) -> None:
    place = repository(tmp_path / "code", *options)
    (place / "inside").mkdir()
    commit = git(place, "rev-parse", "HEAD")
    assert read_revision(place / "inside") == {"commit": commit, "dirty": False}
    (place / "untracked").write_text("x")
    assert read_revision(place) == {"commit": commit, "dirty": False}
    (place / "code.py").write_text("a = 2\n")
    assert read_revision(place) == {"commit": commit, "dirty": True}


FORMS: dict[str, Callable[[Path], object]] = {
    "packed references": lambda place: git(place, "pack-refs", "--all"),
    "a detached head": lambda place: git(place, "checkout", "--detach"),
    "a staged file": lambda place: ((place / "new").write_text("x"), git(place, "add", "new")),
    "a deleted file": lambda place: (place / "code.py").unlink(),
    "a touched file": lambda place: os.utime(place / "code.py", (1, 1)),
    "packed objects": lambda place: git(place, "gc"),
    "a file of other rights": lambda place: git(place, "update-index", "--refresh"),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_receipt_equals_the_output_of_git(tmp_path: Path, form: str) -> None:
    place = repository(tmp_path / "code")
    FORMS[form](place)
    dirty = bool(git(place, "status", "--porcelain", "--untracked-files=no"))
    assert read_revision(place) == {"commit": git(place, "rev-parse", "HEAD"), "dirty": dirty}


def test_linked_trees_and_submodules_have_commits_of_their_own(tmp_path: Path) -> None:
    place, inner = repository(tmp_path / "code"), repository(tmp_path / "inner")
    (inner / "code.py").write_text("b = 1\n")
    git(inner, "commit", "-am", "second")
    git(place, "worktree", "add", "-b", "other", "../linked")
    git(place, "submodule", "add", "../inner", "part")
    git(tmp_path / "linked", "commit", "--allow-empty", "-m", "third")
    for tree in (place, tmp_path / "linked", place / "part"):
        assert read_revision(tree) == {
            "commit": git(tree, "rev-parse", "HEAD"),
            "dirty": tree == place,
        }


def test_without_a_repository_or_a_commit_there_is_no_receipt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_revision(tmp_path) is None
    git(tmp_path, "init")
    assert read_revision(tmp_path) is None
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert read_revision(Path()) is None


def test_without_git_there_is_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = repository(tmp_path / "code")
    commit = git(place, "rev-parse", "HEAD")
    monkeypatch.setattr("darnax.runner.git_revision.SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", "")
    assert read_revision(place) == {"commit": commit, "dirty": None}


def program(place: Path, canary: Path) -> Path:
    """Write a program that creates the canary file and passes on its input."""
    place.write_text(f"#!/bin/sh\n/usr/bin/touch '{canary}'\n/bin/cat\n")
    place.chmod(0o755)
    return place


def configure(place: Path, *settings: tuple[str, str]) -> None:
    for name, value in settings:
        git(place, "config", name, value)


def hooked(place: Path, evil: Path) -> None:
    for hook in (
        "post-index-change",
        "post-checkout",
        "pre-auto-gc",
        "fsmonitor-watchman",
        "reference-transaction",
    ):
        program(place / ".git" / "hooks" / hook, evil.with_name("canary"))
    configure(place, ("core.fsmonitor", ".git/hooks/fsmonitor-watchman"))


def filtered(place: Path, evil: Path) -> None:
    (place / ".gitattributes").write_text("* filter=evil diff=evil\n")
    for name in ("clean", "smudge", "process"):
        configure(place, (f"filter.evil.{name}", str(evil)))
    configure(
        place,
        ("diff.evil.textconv", str(evil)),
        ("diff.evil.command", str(evil)),
        ("diff.external", str(evil)),
    )


def with_a_submodule(place: Path, evil: Path) -> None:
    inner = repository(place.with_name("inner"))
    git(place, "submodule", "add", "../inner", "part")
    git(place, "commit", "-am", "part")
    configure(place / "part", ("core.fsmonitor", str(evil)))
    del inner


def without_its_objects(place: Path, evil: Path) -> None:
    configure(
        place,
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("core.sshCommand", str(evil)),
        ("remote.origin.url", f"ext::{evil} %S"),
        ("remote.origin.promisor", "true"),
        ("protocol.allow", "always"),
        ("remote.origin.uploadpack", str(evil)),
        ("core.gitProxy", str(evil)),
        ("core.askPass", str(evil)),
    )
    for file in (place / ".git" / "objects").glob("??/*"):
        file.unlink()


def including(place: Path, evil: Path) -> None:
    (place / "more").write_text(
        f"[core]\n\tfsmonitor = {evil}\n[alias]\n\tstatus = !{evil}\n[core]\n\tpager = {evil}\n"
    )
    configure(place, ("include.path", str(place / "more")))


def bare(place: Path, evil: Path) -> None:
    """Return a bare repository: the folder has no .git."""
    configure(
        place, ("core.fsmonitor", str(evil)), ("core.bare", "false"), ("core.worktree", str(place))
    )
    for entry in (place / ".git").iterdir():
        entry.rename(place / entry.name)
    (place / ".git").rmdir()


ATTACKS: dict[str, Callable[[Path, Path], None]] = {
    "a monitor of files": lambda place, evil: configure(place, ("core.fsmonitor", str(evil))),
    "hooks": hooked,
    "filters": filtered,
    "a submodule": with_a_submodule,
    "a remote for absent objects": without_its_objects,
    "included settings": including,
    "a repository without .git": bare,
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_foreign_repository_runs_no_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attack: str
) -> None:
    canary = tmp_path / "canary"
    evil = program(tmp_path / "evil", canary)
    place = repository(tmp_path / "code")
    ATTACKS[attack](place, evil)
    if attack != "a repository without .git":
        (place / "code.py").write_text("a = 3\n")
    for name in (
        "git",
        "uname",
        "sh",
        "lscpu",
    ):  # in the working directory, where a careless PATH would find them
        program(place / name, canary)
    monkeypatch.setenv("PATH", f".::{os.environ['PATH']}")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(evil))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(evil))
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    found = describe_environment(seed=0, command=[])["git"]
    monkeypatch.chdir(place)
    inside = describe_environment(seed=0, command=[])["git"]
    assert not canary.exists()
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before
    assert found != inside
    if attack == "a repository without .git":
        assert inside is None
    else:
        assert inside["dirty"] in ((None,) if attack == "a remote for absent objects" else (True,))


@pytest.mark.parametrize(
    "attack", [name for name in ATTACKS if name != "a remote for absent objects"]
)
def test_git_itself_runs_the_attacks(tmp_path: Path, attack: str) -> None:
    canary = tmp_path / "canary"
    evil = program(tmp_path / "evil", canary)
    place = repository(tmp_path / "code")
    ATTACKS[attack](place, evil)
    (place / "code.py").write_text("a = 3\n")
    subprocess.run(("git", "status", "--porcelain"), cwd=place, check=False, capture_output=True)
    assert canary.exists()


def test_git_is_given_the_time_of_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a later one git takes a file that changed within the clock's resolution for the same."""
    place = repository(tmp_path / "code")
    times = []

    def look(command: object, environment: object, folder: Path) -> str:
        times.append((folder / "index").stat().st_mtime_ns)
        return ""

    monkeypatch.setattr(git_revision, "run_program", look)
    read_revision(place)
    assert times == [(place / ".git" / "index").stat().st_mtime_ns]


HEADS = [
    "ref: ../../secret",
    "ref: refs/heads/../../../secret",
    "password",
    "",
    "\udcff",
    "ref: refs/heads/" + "x" * 5000,
]


@pytest.mark.parametrize("text", HEADS)
def test_only_a_commit_is_recorded(tmp_path: Path, text: str) -> None:
    place = repository(tmp_path / "code")
    (tmp_path / "secret").write_text("password\n")
    (place / ".git" / "HEAD").write_bytes(text.encode(errors="surrogateescape"))
    assert read_revision(place) is None


@pytest.mark.parametrize("name", ["HEAD", "index", "refs/heads/main", "packed-refs", "commondir"])
@pytest.mark.parametrize("kind", ["fifo", "folder", "device"])
def test_irregular_files_of_a_repository_do_not_block(tmp_path: Path, name: str, kind: str) -> None:
    place = repository(tmp_path / "code")
    file = place / ".git" / name
    file.unlink(missing_ok=True)
    {"fifo": os.mkfifo, "folder": os.mkdir, "device": lambda path: path.symlink_to("/dev/zero")}[
        kind
    ](file)
    found = read_revision(place)
    assert found is None or found["dirty"] in (None, False)
