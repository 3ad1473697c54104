"""The wheel without the checkout. Oracle: the location of its files, and a run."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def called(*words: object, place: Path) -> str:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONHOME")
    }
    environment |= {
        "TFDS_DATA_DIR": str(place / "sets"),
        "XDG_CACHE_HOME": str(place.parent),
        "PIP_NO_INDEX": "1",
    }
    done = subprocess.run(
        list(map(str, words)),
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_wheel_in_an_empty_environment_runs_from_another_directory(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip"]
    called(
        *pip,
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        tmp_path / "wheels",
        ROOT,
        place=tmp_path,
    )
    (wheel,) = (tmp_path / "wheels").iterdir()
    venv.create(tmp_path / "environment", with_pip=False)
    python = tmp_path / "environment" / "bin" / "python"
    (site,) = (tmp_path / "environment" / "lib").glob("python*/site-packages")
    called(*pip, "--python", python, "install", "--no-deps", wheel, place=tmp_path)
    # The libraries are those installed here; the .pth file of the checkout is not read.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (elsewhere := tmp_path / "elsewhere").mkdir()
    assert called(
        python, "-c", "import darnax; print(darnax.__file__)", place=elsewhere
    ).startswith(str(site))
    darnax = tmp_path / "environment" / "bin" / "darnax"
    assert "digits_smoke" in called(darnax, "list", place=elsewhere)
    assert called(python, "-m", "darnax", "list", place=elsewhere) == called(
        darnax, "list", place=elsewhere
    )
    ask = "from darnax.extras import install_command; print(install_command('sweeps'))"
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    command = called(python, "-c", ask, place=elsewhere)
    assert command.startswith(f"{python} -m pip install ")
    for requirement in declared["optional-dependencies"]["sweeps"]:
        assert re.split("[<>=]", requirement)[0] in command
    called(
        darnax,
        "train",
        "+experiment=digits_smoke",
        "model.features=100",
        "tracking=local",
        place=elsewhere,
    )
    (summary,) = elsewhere.glob("outputs/digits_smoke/*/summary.json")
    assert json.loads(summary.read_text())["status"] == "finished"
