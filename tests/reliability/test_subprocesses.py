"""Started programs load nothing from the working directory. Oracle: files written by decoys."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from darnax.children import LIBRARIES, keep_to_installed_code

BAIT = "open('caught', 'w').close()\n"
STARTED = [
    ("-c", "import multiprocessing.resource_tracker"),
    ("-m", "joblib.externals.loky.backend.popen_loky_posix", "--help"),
]


@pytest.mark.parametrize("safe", [True, False], ids=["safe", "the attack is real"])
@pytest.mark.parametrize("words", STARTED, ids=["command", "module"])
def test_a_started_python_imports_nothing_from_the_working_directory(
    tmp_path, monkeypatch, words, safe
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    for module in ("threading", "warnings", "signal", "joblib"):
        (tmp_path / f"{module}.py").write_text(BAIT)
    if safe:
        monkeypatch.setenv("PYTHONSAFEPATH", "")  # so that the value of before comes back
        keep_to_installed_code()
    subprocess.run([sys.executable, *words], capture_output=True, check=False)
    assert (tmp_path / "caught").exists() is not safe


@pytest.mark.parametrize(
    ("places", "left"),
    [
        ("/a/lib:", "/a/lib"),
        (":/a", "/a"),
        ("/a::/b", "/a:/b"),
        ("lib:/b:.", "/b"),
        (":", None),
        ("/a", "/a"),
    ],
)
def test_no_shared_library_is_loaded_from_the_working_directory(monkeypatch, places, left):
    monkeypatch.setenv(LIBRARIES, places)
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    keep_to_installed_code()
    assert os.environ.get(LIBRARIES) == left


def test_the_library_path_set_by_opencv_is_removed():
    code = (
        "import os, cv2; from darnax.children import *; keep_to_installed_code(); "
        "print(os.environ.get(LIBRARIES, '/'))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert all(Path(place).is_absolute() for place in found.split(os.pathsep))
