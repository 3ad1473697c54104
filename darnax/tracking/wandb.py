"""Weights & Biases: the only importer of wandb."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from darnax.children import keep_to_installed_code
from darnax.files import make_folder, read_text
from darnax.scores import ACCURACY, parse_score
from darnax.tracking.interface import TrackedRun, Tracker
from darnax.tracking.wandb_environment import (
    Mode,
    choose_mode,
    leave_to_environment,
    require_cache,
    tags_of_environment,
    unset_empty,
)

if TYPE_CHECKING:
    import wandb

# To start: a network may never answer, and a busy machine is slow.
ONLINE_SECONDS, OFFLINE_SECONDS = 15.0, 60.0
FINISH_SECONDS = 30.0
# Settings of a folder that have no effect here, because the configuration overrides them.
HARMLESS_SETTINGS = {"mode", "disabled", "project"}
start_lock = Lock()  # threads must not start W&B's service twice


class WandB(Tracker):
    """Copies the metrics to W&B: offline into `<outputs>/wandb/offline-run-*`, online when asked.

    Where an argument is None or empty, the environment variable of W&B holds, if it is set:
    WANDB_MODE, WANDB_PROJECT, WANDB_ENTITY, WANDB_NAME, WANDB_RUN_GROUP, WANDB_JOB_TYPE,
    WANDB_TAGS; and so does every other one that W&B documents. WANDB_RUN_ID is the id of one run:
    the runs of a sweep have their own.

    A run that is resumed continues under its id. Curves are drawn over `step`, not over the number
    of calls. W&B starts in a thread, while the network is compiled; rows wait for it, training does
    not. Nothing is printed and nothing is asked. Offline runs are uploaded later by `wandb sync`.

    Args:
        run: the run.
        mode: `disabled` does not even import W&B; by default offline.
        project: of the dashboard; by default darnax.
        entity: user or team; by default the one that is logged in.
        name, group, job_type: on the dashboard; by default the run's name, its group, and `train`.
        tags: besides the name of the sweep.
    """

    def __init__(
        self,
        run: TrackedRun,
        *,
        mode: Mode | None = None,
        project: str | None = None,
        entity: str | None = None,
        name: str | None = None,
        group: str | None = None,
        job_type: str | None = None,
        tags: Sequence[str] = (),
    ) -> None:
        self.run: wandb.Run | None = None
        self.starting: Future[wandb.Run] | None = None
        self.rows: list[dict[str, float]] = []  # that W&B has not got yet
        self.defined: set[str] = set()
        mode = choose_mode(mode)
        if mode == "disabled":
            return
        by_default = {
            "project": "darnax",
            "name": run.name,
            "group": run.group,
            "job_type": "train",
            "id": run.id,
            "resume": "allow" if run.resumed else None,
            "dir": run.outputs,
        }
        configured = {
            "project": project,
            "entity": entity,
            "name": name,
            "group": group,
            "job_type": job_type,
            "id": run.id if run.tags else None,
        }
        settings = leave_to_environment(by_default)
        settings |= {key: value for key, value in configured.items() if value is not None}
        settings |= {"mode": mode, "tags": [*run.tags, *(tags or tags_of_environment())]}
        self.starting = _run_in_thread(partial(_start, settings, run.config))

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Pass one row on; W&B writes it in a thread."""
        values = {name: float(value) for name, value in metrics.items()}
        self.rows.append({"step": step, "epoch": epoch, **values})
        # While W&B is starting, rows are kept, so that training does not wait for it.
        if self.starting is None or self.starting.done():
            self._send_rows()

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Add status and best values to the summary, and wait FINISH_SECONDS at the most."""
        self._send_rows()
        if self.run is None:
            return
        best = {f"best/{name}": value for name, value in (summary.get("best") or {}).items()}
        self.run.summary.update({"status": summary["status"], **best})
        self.run.finish(exit_code=0 if summary["status"] in ("finished", "pruned") else 1)
        self.run = None

    def _send_rows(self) -> None:
        if self.starting is not None:
            starting, self.starting = self.starting, None
            self.run = starting.result()
        rows, self.rows = self.rows, []
        if self.run is not None:
            for row in rows:
                self._define(self.run, row)
                self.run.log(row)

    def _define(self, run: "wandb.Run", row: Mapping[str, float]) -> None:
        # W&B keeps the last value alone of a metric that was not defined, and its globs end in a
        # star: names are defined as they come.
        for name in row.keys() - self.defined - {"step", "epoch"}:
            run.define_metric(name, step_metric="step", summary=summary_aggregations(name))
        self.defined |= row.keys()


def summary_aggregations(metric: str) -> str:
    """Return which values of a metric W&B keeps in its summary."""
    score = parse_score(metric)
    if score is None:
        return "last"
    # Of a score that is not an accuracy the lowest value may be the best one.
    return "max,last" if score.name == ACCURACY else "min,max,last"


def _run_in_thread(start: Callable[[], "wandb.Run"]) -> "Future[wandb.Run]":
    future: Future[wandb.Run] = Future()

    def run() -> None:
        try:
            with start_lock:
                future.set_result(start())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, name="wandb", daemon=True).start()
    return future


def _start(known: Mapping[str, Any], config: Mapping[str, Any]) -> "wandb.Run":
    folder = Path(known.get("dir") or os.environ["WANDB_DIR"])
    make_folder(folder / "wandb")
    require_cache(folder / "wandb" / ".cache")
    require_no_settings(Path())
    unset_empty()
    # Set before the import: W&B must not run git in a repository from elsewhere, nor print.
    for name, value in {"WANDB_DISABLE_GIT": "true", "WANDB_SILENT": "true"}.items():
        os.environ.setdefault(name, value)
    import wandb

    keep_to_installed_code()
    is_online = known["mode"] != "offline"
    settings = _make_settings(ONLINE_SECONDS if is_online else OFFLINE_SECONDS)
    wandb.setup(settings)
    if is_online and not wandb.login(prompt=False, verify=False):
        raise RuntimeError("no API key: run `wandb login`, or set tracking.wandb.mode=offline")
    run = wandb.init(**known, config=dict(config), reinit="create_new", settings=settings)
    run.define_metric("step", hidden=True)
    run.define_metric("epoch", step_metric="step")
    return run


def require_no_settings(folder: Path) -> None:
    """Raise RuntimeError if W&B would read settings from the working directory.

    They may name a server, to which W&B then sends the user's API key.
    """
    for file in (folder / "wandb" / "settings", folder / ".wandb" / "settings"):
        if not os.path.lexists(file):
            continue
        settings = ConfigParser(interpolation=None)
        try:
            settings.read_string(read_text(file))
            keys = {key for section in settings.values() for key in section} - HARMLESS_SETTINGS
        except (ConfigParserError, OSError, ValueError):
            keys = {"no settings"}
        if keys:
            names = ", ".join(sorted(keys))
            what = f"{file.absolute()} holds {names}, which W&B would obey"
            raise RuntimeError(
                f"{what}; put that into ~/.config/wandb/settings, and take the file away"
            )


def _make_settings(start: float) -> "wandb.Settings":
    import wandb

    by_default = {
        "silent": True,
        "console": "off",
        "init_timeout": start,
        "finish_timeout": FINISH_SECONDS,
        "save_code": False,
        "disable_job_creation": True,
        "x_save_requirements": False,
    }
    return wandb.Settings(**leave_to_environment(by_default))
