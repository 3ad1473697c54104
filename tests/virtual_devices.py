"""Runs code in a process of its own with several virtual devices."""

import os
import subprocess
import sys
from pathlib import Path


def run_on_devices(code: str, count: int, *folders: Path) -> None:
    """Run Python code with `count` devices and with these folders to import from; it has to end."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={count}"
    places = (*folders, Path(__file__).parent)  # the code may import tests that import this file
    here = {"XLA_FLAGS": flags, "PYTHONPATH": os.pathsep.join(map(str, places))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | here,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
