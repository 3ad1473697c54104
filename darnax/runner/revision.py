"""The commit of the working directory, read so that nothing in its repository is obeyed.

A repository that came with a folder from elsewhere may name programs in its configuration (fsmonitor, filters, hooks, remotes).
The commit is therefore read from its files, and git compares the files with it under a configuration of our own.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from darnax.files import read_bytes, read_text

COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")  # SHA-1 or SHA-256
USUAL = ("/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin")
SECONDS = 10.0
INDEX = 1 << 30  # bytes
# Filters are not run, so their files count as changed where git has to read them; rights are no content.
STATUS = (
    "-c",
    "core.fileMode=false",
    "status",
    "--porcelain",
    "--untracked-files=no",
    "--ignore-submodules=dirty",
)


class Repository(NamedTuple):
    """Where the parts of a repository lie: its working tree, what belongs to this tree alone, and what all its trees share."""

    tree: Path
    own: Path
    shared: Path


def revision(place: Path) -> dict[str, str | bool | None] | None:
    """Return {"commit", "dirty"} of the repository around a folder, or None where there is no repository or no commit.

    `dirty` is None where git is not installed or does not answer.
    """
    try:
        repository = around(place)
        commit = repository and head(repository)
    except (OSError, ValueError):
        return None
    if repository is None or commit is None:
        return None
    try:
        dirty = is_dirty(repository, commit)
    except OSError:  # no index, or no room for a copy of it
        dirty = None
    return {"commit": commit, "dirty": dirty}


def around(place: Path) -> Repository | None:
    """Find the repository in whose working tree a folder lies."""
    for tree in (place.absolute(), *place.absolute().parents):
        own = tree / ".git"
        if own.is_file():  # of a linked working tree, or of a submodule
            own = tree / read_text(own).removeprefix("gitdir:").strip()
        if own.is_dir():
            common = own / "commondir"
            return Repository(
                tree, own, own / read_text(common).strip() if common.is_file() else own
            )
    return None


def head(repository: Repository) -> str | None:
    """Return the commit that is checked out, None before the first."""
    text = read_text(repository.own / "HEAD").strip()
    name = text.removeprefix("ref:").strip()
    if name == text:
        return commit_in(text)
    if not name.startswith("refs/") or ".." in name:
        return None
    if (loose := repository.shared / name).is_file():
        return commit_in(read_text(loose).strip())
    packed = repository.shared / "packed-refs"
    lines = read_text(packed).splitlines() if packed.is_file() else []
    return next(
        (commit_in(line.partition(" ")[0]) for line in lines if line.partition(" ")[2] == name),
        None,
    )


def commit_in(word: str) -> str | None:
    """Return the word if it is the name of a commit: nothing else in a file is written into a receipt."""
    return word if COMMIT.fullmatch(word) else None


def is_dirty(repository: Repository, commit: str) -> bool | None:
    """Say whether tracked files differ from the commit, by git with the index and the objects of the repository alone."""
    git = program("git")
    with tempfile.TemporaryDirectory(prefix="darnax-git-") as name:
        ours = Path(name)
        for folder in ("objects", "refs"):  # by which git knows a repository
            (ours / folder).mkdir()
        (ours / "HEAD").write_text(f"{commit}\n")
        (ours / "config").write_text(configuration(commit))
        (ours / "index").write_bytes(read_bytes(repository.own / "index", INDEX))
        environment = {
            "GIT_DIR": name,
            "GIT_WORK_TREE": str(repository.tree),
            "GIT_OBJECT_DIRECTORY": str(repository.shared.absolute() / "objects"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "HOME": name,
            "XDG_CONFIG_HOME": name,
            "PATH": os.pathsep.join(USUAL),
            "LC_ALL": "C",
        }
        changes = answer((git, *STATUS), environment, ours) if git else None
    return None if changes is None else bool(changes)


def configuration(commit: str) -> str:
    """Write the configuration of a repository that has commits with names like this one."""
    sha256 = "[extensions]\n\tobjectFormat = sha256\n" if len(commit) > 40 else ""
    return f"[core]\n\trepositoryFormatVersion = {int(bool(sha256))}\n\tbare = false\n{sha256}"


def program(name: str) -> str | None:
    """Find a program where the system has it, or else in the absolute folders of PATH, never in the working directory."""
    folders = (*USUAL, *filter(os.path.isabs, os.environ.get("PATH", "").split(os.pathsep)))
    return shutil.which(name, path=os.pathsep.join(folders))


def answer(command: Sequence[str], environment: dict[str, str], place: Path) -> str | None:
    """Return what a program writes; None where it fails, or takes too long."""
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=place,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip()
