"""Pages in Chromium, which must be installed (`apt-get install chromium`), else the tests fail."""

import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

NOISE = ("WebGL", "GL Driver")  # messages of Chromium without a graphics card
TAIL = "document.documentElement.dataset.seen = JSON.stringify(seen);\n}</script>"


def chromium() -> str:
    found = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    return found or pytest.fail("this test needs Chromium: apt-get install chromium")


def act(file: Path, script: str, *options: str) -> dict:
    """Open the page, run the script, and return its result."""
    file.write_text(
        file.read_text().replace("</body>", f"<script>{{\nconst seen = {{}};{script}{TAIL}</body>")
    )
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    shown = subprocess.run(
        [chromium(), "--headless", *root, "--disable-gpu", "--dump-dom", "--enable-logging=stderr",
         "--virtual-time-budget=3000", f"--user-data-dir={file.parent / 'profile'}", *options,
         file.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert not [
        line
        for line in shown.stderr.splitlines()
        if "CONSOLE" in line and not any(word in line for word in NOISE)
    ]
    assert 'data-hacked="' not in shown.stdout
    return json.loads(unescape(re.search(r'data-seen="([^"]*)"', shown.stdout)[1]))
