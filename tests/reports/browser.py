"""Pages in Chromium, which must be installed (`apt-get install chromium`), else the tests fail."""

import fcntl
import json
import os
import re
import select
import shutil
import subprocess
import time
from html import unescape
from pathlib import Path
from typing import Any

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


class Browser:
    """Chromium with one open page, over the pipe of its debugging protocol.

    `requested` collects the URL of everything that the page asks for.
    """

    def __init__(self, file: Path, profile: Path) -> None:
        read_end, self.commands = os.pipe()
        self.answers, write_end = os.pipe()
        # Chromium reads from 3 and writes to 4, which the copies must not be.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (read_end, write_end)]
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        words = [chromium(), "--headless", *root, "--disable-gpu", "--remote-debugging-pipe"]
        words += [f"--user-data-dir={profile}", "about:blank"]
        shell = f'exec "$@" 3<&{ends[0]} 4>&{ends[1]}'
        self.process = subprocess.Popen(
            ["bash", "-c", shell, "bash", *words], pass_fds=ends, stderr=subprocess.DEVNULL
        )
        for end in (read_end, write_end, *ends):
            os.close(end)
        self.number = 0
        self.buffer = b""
        self.requested: list[str] = []
        self.session = None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        found = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self.session = found["sessionId"]
        self.send("Network.enable")
        self.send("Page.enable")
        self.send("Page.navigate", url=file.as_uri())

    def send(self, method: str, **params: Any) -> dict:
        """Return the result of a command."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session and not method.startswith("Browser."):
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("method") == "Network.requestWillBeSent":
                self.requested.append(answer["params"]["request"]["url"])
            if answer.get("id") == self.number:
                return answer.get("result", answer)

    def receive(self) -> dict:
        while b"\0" not in self.buffer:
            if not select.select([self.answers], [], [], 60)[0]:
                pytest.fail("Chromium does not answer")
            piece = os.read(self.answers, 1 << 16)
            if not piece:
                pytest.fail("Chromium has ended")
            self.buffer += piece
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def save_in(self, folder: Path) -> None:
        """Let the page save files in a folder."""
        how = {"behavior": "allow", "downloadPath": str(folder)}
        self.send("Browser.setDownloadBehavior", **how)

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page; None where it fails, as while it loads."""
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        return found.get("result", {}).get("value")

    def wait(self, script: str, seconds: float = 60) -> Any:
        """Wait until an expression is true in the page, which may reload meanwhile."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            value = self.run(f"document.documentElement.dataset.ready && ({script})")
            if value:
                return value
            time.sleep(0.1)
        return pytest.fail(f"not true within {seconds} s: {script}")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
