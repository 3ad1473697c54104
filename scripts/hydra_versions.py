"""Run the tests of composing with the newest Hydra 1.3 and the newest pre-release of 1.4.

darnax uses a few private classes of Hydra (`darnax/composing/hydra_loader.py`), so a new version
may break it. Each version is installed into a temporary folder, which comes before the environment.

    python scripts/hydra_versions.py
"""

import os
import subprocess
import sys
import tempfile

VERSIONS = {
    "1.3": ["hydra-core>=1.3.8,<1.4.0.dev0", "omegaconf<2.4.0.dev0"],
    "1.4": ["hydra-core>=1.4.0.dev0", "omegaconf>=2.4.0.dev0"],
}
TESTS = [
    "tests/cli/test_composer.py",
    "tests/cli/test_references.py",
    "tests/cli/test_hydra_settings.py",
    "tests/cli/test_saved.py",
    "tests/cli/test_derivations.py",
    "tests/cli/test_launchers.py",
    "tests/cli/test_sweep.py",
]


def run_tests(requirements: list[str]) -> int:
    """Run the tests with these requirements; return pytest's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--pre", "--no-deps"]
        subprocess.run([*install, "--target", folder, *requirements], check=True)
        environment = os.environ | {"PYTHONPATH": folder}
        shown = "import hydra; print('Hydra', hydra.__version__, flush=True)"
        subprocess.run([sys.executable, "-c", shown], env=environment, check=True)
        tests = [sys.executable, "-m", "pytest", "-q", *TESTS]
        return subprocess.run(tests, env=environment, check=False).returncode


if __name__ == "__main__":
    codes = [run_tests(requirements) for requirements in VERSIONS.values()]
    sys.exit(max(codes))
