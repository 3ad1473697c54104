"""Weights & Biases as a view of the run: it may fail, but never the training because of it."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Literal

from darnax.children import keep_to_installed_code
from darnax.files import make_folder, read_text
from darnax.scores import ACCURACY, parse_score
from darnax.tracking.guard import guarded
from darnax.tracking.interface import Tracker

if TYPE_CHECKING:
    import wandb

Mode = Literal["offline", "online", "disabled"]
ONLINE_SECONDS, OFFLINE_SECONDS = (
    15.0,
    60.0,
)  # to start: a network may never answer, a busy machine is slow
FINISH_SECONDS = 30.0
OVERRULED = {
    "mode",
    "disabled",
    "project",
}  # settings of a folder that change nothing here: the configuration says them
one_at_a_time = Lock()  # runs side by side start W&B's service once


class WandB(Tracker):
    """Copies the metrics to W&B: offline into `folder/wandb/offline-run-*`, online only when asked.

    `config` is the nested, resolved configuration. `run_id` names the run on the dashboard: a resumed run passes the same
    one and `resume=True`, and goes on where it was. Curves are drawn over `step`, not over the number of calls. `disabled`
    does not even import W&B.

    W&B starts behind the back of the program, which has a network to compile meanwhile; rows wait for it, the program does not.

    Nothing is printed and nothing is asked. Whatever goes wrong (no key, no network, no disk) is one warning in the
    log; from then on the tracker does nothing. Offline runs go online later by `wandb sync`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        project: str,
        run_id: str,
        mode: Mode = "offline",
        name: str | None = None,
        group: str | None = None,
        job_type: str | None = "train",
        tags: Sequence[str] = (),
        config: Mapping[str, Any] | None = None,
        entity: str | None = None,
        resume: bool = False,
    ) -> None:
        self.run_id = run_id
        self.run: wandb.Run | None = None
        self.starting: Future[wandb.Run] | None = None
        self.rows: list[dict[str, float]] = []  # that W&B has not been handed yet
        self.defined: set[str] = set()
        known = {
            "project": project,
            "entity": entity,
            "name": name,
            "group": group,
            "job_type": job_type,
            "tags": list(tags),
        }
        if mode == "disabled":
            return
        choice = {**known, "id": run_id, "mode": mode, "resume": "allow" if resume else None}
        self.starting = _aside(partial(_start, choice, folder, config))

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: float) -> None:
        """Hand one row over; it is written behind the back of the training."""
        self.rows.append(
            {
                "step": step,
                "epoch": epoch,
                **{name: float(value) for name, value in metrics.items()},
            }
        )
        if self.starting is None or self.starting.done():
            self._hand_over()

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Add status and best values to the summary, and wait at most FINISH_SECONDS for what is still to be sent."""
        self._hand_over()
        if self.run is None:
            return
        with self._guarded():
            best = {f"best/{name}": value for name, value in (summary.get("best") or {}).items()}
            self.run.summary.update({"status": summary["status"], **best})
            self.run.finish(exit_code=0 if summary["status"] in ("finished", "pruned") else 1)
        self.run = None

    def _hand_over(self) -> None:
        with self._guarded():
            if self.starting is not None:
                starting, self.starting = self.starting, None
                self.run = starting.result()
            rows, self.rows = self.rows, []
            if self.run is not None:
                for row in rows:
                    self._define(self.run, row)
                    self.run.log(row)

    def _define(self, run: "wandb.Run", row: Mapping[str, float]) -> None:
        # W&B keeps only the last value of what it was not told about, and globs end in a star: define names as they come.
        for name in row.keys() - self.defined - {"step", "epoch"}:
            run.define_metric(name, step_metric="step", summary=kept_of(name))
        self.defined |= row.keys()

    def _guarded(self) -> AbstractContextManager[None]:
        return guarded("W&B", self._off)

    def _off(self) -> None:
        self.run = None


def kept_of(metric: str) -> str:
    """Return which of its values the summary keeps: of a score the best, which may be the lowest."""
    if (score := parse_score(metric)) is None:
        return "last"
    return "max,last" if score.name == ACCURACY else "min,max,last"


def _aside(start: Callable[[], "wandb.Run"]) -> "Future[wandb.Run]":
    future: Future[wandb.Run] = Future()

    def fulfil() -> None:
        try:
            with one_at_a_time:
                future.set_result(start())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=fulfil, name="wandb", daemon=True).start()
    return future


def _start(known: Mapping[str, Any], folder: Path, config: Mapping[str, Any] | None) -> "wandb.Run":
    make_folder(folder / "wandb")
    require_no_settings(Path())
    # Before it starts, so that it asks no repository anything, and says nothing.
    os.environ |= {"WANDB_DISABLE_GIT": "true", "WANDB_SILENT": "true"}
    import wandb

    keep_to_installed_code()
    settings = _settings(ONLINE_SECONDS if known["mode"] == "online" else OFFLINE_SECONDS)
    wandb.setup(settings)
    if known["mode"] == "online" and not wandb.login(prompt=False, verify=False):
        raise RuntimeError("no API key: run `wandb login`, or set tracking.wandb.mode=offline")
    run = wandb.init(
        **known, dir=folder, config=dict(config or {}), reinit="create_new", settings=settings
    )
    run.define_metric("step", hidden=True)
    run.define_metric("epoch", step_metric="step")
    return run


def require_no_settings(place: Path) -> None:
    """Raise RuntimeError where W&B would obey settings of the working directory, which say whom to send an API key to."""
    for file in (place / "wandb" / "settings", place / ".wandb" / "settings"):
        if not os.path.lexists(file):
            continue
        settings = ConfigParser(interpolation=None)
        try:
            settings.read_string(read_text(file))
            keys = {key for section in settings.values() for key in section} - OVERRULED
        except (ConfigParserError, OSError, ValueError):
            keys = {"no settings"}
        if keys:
            what = f"{file.absolute()} holds {', '.join(sorted(keys))}, which W&B would obey"
            raise RuntimeError(
                f"{what}; put that into ~/.config/wandb/settings, and take the file away"
            )


def _settings(start: float) -> "wandb.Settings":
    import wandb

    return wandb.Settings(
        silent=True,
        console="off",
        init_timeout=start,
        finish_timeout=FINISH_SECONDS,
        save_code=False,
        disable_job_creation=True,
        x_save_requirements=False,
    )
