"""Reads the commit of the working directory without running anything from its repository.

A repository in a folder from elsewhere may name programs in its configuration (fsmonitor, filters,
hooks, remotes), which git would run. So the commit is read from the files of the repository, and
git compares the working tree with it under a configuration that is written here.
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
SYSTEM_FOLDERS = ("/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin")
TIMEOUT = 10.0  # seconds
LARGEST_INDEX = 1 << 30  # bytes
# Filters are not run, so files with a filter count as changed if git has to read them. File modes
# are not content, and do not count.
STATUS = (
    "-c",
    "core.fileMode=false",
    "status",
    "--porcelain",
    "--untracked-files=no",
    "--ignore-submodules=dirty",
)


class Repository(NamedTuple):
    """The folders of a repository.

    `tree` is the working tree, `own` has the files of this working tree alone (HEAD and the index),
    `shared` those of all its working trees (objects and references).
    """

    tree: Path
    own: Path
    shared: Path


def read_revision(folder: Path) -> dict[str, str | bool | None] | None:
    """Return {"commit", "dirty"} of the repository that contains a folder.

    None if there is no repository or no commit; `dirty` is None if git is not installed or fails.
    """
    try:
        repository = find_repository(folder)
        if repository is None:
            return None
        commit = read_head(repository)
    except (OSError, ValueError):
        return None
    if commit is None:
        return None
    try:
        dirty = is_dirty(repository, commit)
    except OSError:  # no index, or no space for a copy of it
        dirty = None
    return {"commit": commit, "dirty": dirty}


def find_repository(folder: Path) -> Repository | None:
    """Return the repository whose working tree contains a folder."""
    for tree in (folder.absolute(), *folder.absolute().parents):
        own = tree / ".git"
        # A linked working tree or a submodule has a file here, with the path of the folder.
        if own.is_file():
            own = tree / read_text(own).removeprefix("gitdir:").strip()
        if own.is_dir():
            common = own / "commondir"
            shared = own / read_text(common).strip() if common.is_file() else own
            return Repository(tree, own, shared)
    return None


def read_head(repository: Repository) -> str | None:
    """Return the commit that is checked out, or None before the first commit."""
    text = read_text(repository.own / "HEAD").strip()
    reference = text.removeprefix("ref:").strip()
    if reference == text:  # a detached HEAD names the commit itself
        return parse_commit(text)
    # The reference is used as a path, which must not lead out of the repository.
    if not reference.startswith("refs/") or ".." in reference:
        return None
    loose = repository.shared / reference
    if loose.is_file():
        return parse_commit(read_text(loose).strip())
    packed = repository.shared / "packed-refs"
    lines = read_text(packed).splitlines() if packed.is_file() else []
    for line in lines:
        commit, _, name = line.partition(" ")
        if name == reference:
            return parse_commit(commit)
    return None


def parse_commit(word: str) -> str | None:
    """Return the word if it is the hash of a commit, or else None."""
    # The path may lead to any file of the user: only a hash may get into the record of a run.
    return word if COMMIT.fullmatch(word) else None


def is_dirty(repository: Repository, commit: str) -> bool | None:
    """Return whether tracked files differ from the commit; None if git fails.

    Git runs in a temporary repository with a copy of the index, and reads the objects only.
    """
    git = find_program("git")
    with tempfile.TemporaryDirectory(prefix="darnax-git-") as name:
        temporary = Path(name)
        # Git takes a folder for a repository only if it has these.
        for folder in ("objects", "refs"):
            (temporary / folder).mkdir()
        (temporary / "HEAD").write_text(f"{commit}\n")
        (temporary / "config").write_text(write_configuration(commit))
        index = read_bytes(repository.own / "index", LARGEST_INDEX)
        (temporary / "index").write_bytes(index)
        # With a later time of the index, git would take a file of the same size that was changed
        # within the clock's resolution after it was added for the one that was added.
        written = (repository.own / "index").stat().st_mtime_ns
        os.utime(temporary / "index", ns=(written, written))
        # A new environment, not an extended one: the user's GIT_* variables must have no effect.
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
            "PATH": os.pathsep.join(SYSTEM_FOLDERS),
            "LC_ALL": "C",
        }
        changes = run_program((git, *STATUS), environment, temporary) if git else None
    return None if changes is None else bool(changes)


def write_configuration(commit: str) -> str:
    """Return a git configuration with the hash algorithm of this commit."""
    if len(commit) > 40:
        extensions, version = "[extensions]\n\tobjectFormat = sha256\n", 1
    else:
        extensions, version = "", 0
    return f"[core]\n\trepositoryFormatVersion = {version}\n\tbare = false\n{extensions}"


def find_program(name: str) -> str | None:
    """Return the path of a program in a system folder, or else in an absolute folder of PATH."""
    # Relative folders of PATH are left out: the working directory may be from elsewhere.
    path = os.environ.get("PATH", "").split(os.pathsep)
    folders = (*SYSTEM_FOLDERS, *filter(os.path.isabs, path))
    return shutil.which(name, path=os.pathsep.join(folders))


def run_program(command: Sequence[str], environment: dict[str, str], folder: Path) -> str | None:
    """Return the output of a program; None if it fails or takes longer than TIMEOUT."""
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip()
