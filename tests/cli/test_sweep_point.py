"""A worker whose sweep was killed. Oracle: its output ends."""

import subprocess
import sys

WORKER = """
import os, time
from darnax.sweeps import workers
workers.POLL_INTERVAL = 0.05
if os.fork():
    os._exit(9)
with workers.POINT_LOCK:
    workers.exit_with_parent(int({parent}))
    time.sleep(0.3)
    print("saved", flush=True)
time.sleep({idle})
print("stayed")
"""


def worker_output(**known: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", WORKER.format(**known)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 9, done.stderr
    return done.stdout


def test_a_worker_finishes_its_point_and_exits_after_its_parent():
    assert (
        worker_output(parent="os.getpid()", idle=50) == "saved\n"
    )  # a parent that it does not have any more


def test_a_worker_whose_parent_is_alive_continues():
    assert worker_output(parent="(time.sleep(0.3), os.getppid())[1]", idle=0.3) == "saved\nstayed\n"
