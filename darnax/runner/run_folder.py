"""The folder of one run: everything needed to read it, to repeat it, and to resume it."""

import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darnax.atomic import write_atomically
from darnax.bounded_yaml import dump_plain, load_plain
from darnax.errors import Problem, RequestError, first_line
from darnax.files import is_strange, read_text
from darnax.locks import file_lock, sign
from darnax.reports.configuration import COMPUTED, without_computed
from darnax.reports.summary import STATUSES, read_summary
from darnax.runner.environment import describe_environment
from darnax.tracking.strict_json import encode

FILES = (
    "config.yaml", "overrides.yaml", "environment.json", "metrics.jsonl", "metrics.told", "summary.json", "train.log", ".lock",
    "confusion.svg", "analysis.html", "data.npz", "data.sha256",
)  # fmt: skip
FOLDERS = ("checkpoints", "analysis")
NAME = r"^\w[\w.+-]*$"  # of an experiment: a folder in the folder of outputs, and not out of it


@dataclass(frozen=True)
class RunFolder:
    """The paths and the small files of a run; every file is written whole or not at all.

    ```
    config.yaml       the resolved configuration, which runs again as it is; its `computed_from` is
                      a note of which values were made of which others
    composed.yaml     the same with `${key}` where one value is that of another; what overrides of config.yaml act on
    overrides.yaml    what the command line changed
    environment.json  versions, git commit and dirty flag, device, seed, command line
    metrics.jsonl     one JSON object per logged step
    summary.json      status, metrics, best, epochs, steps, wall_seconds, images_per_second
    checkpoints/      what to resume from
    data.npz          the arrays that it was trained on, where Python code gave them
    train.log         what was said on the way
    .lock             held by the process that trains it
    ```
    """

    path: Path

    @classmethod
    def create(
        cls,
        outputs: Path,
        experiment: str,
        config: Mapping[str, Any],
        overrides: Sequence[str],
        *,
        composed: Mapping[str, Any] | None = None,
        computed_from: Mapping[str, Sequence[str]] | None = None,
        command: Sequence[str],
    ) -> "RunFolder":
        """Make `outputs/<experiment>/<time>-<id>/`, which nobody else has, and write what is known before training.

        `computed_from` stands in config.yaml, which may be copied away from its composed.yaml.
        """
        folder = cls(_make_exclusively(outputs / experiment))
        folder.checkpoints.mkdir()
        folder.log.touch()
        noted = {key: list(keys) for key, keys in (computed_from or {}).items()}
        whole = {**config, COMPUTED: noted} if noted else dict(config)
        write_atomically(folder.path / "config.yaml", dump_plain(whole))
        if composed is not None:
            write_atomically(folder.path / "composed.yaml", dump_plain(dict(composed)))
        write_atomically(folder.path / "overrides.yaml", dump_plain(list(overrides)))
        environment = describe_environment(seed=config.get("seed"), command=command)
        write_atomically(folder.path / "environment.json", encode(environment, indent=2) + "\n")
        folder.write_summary(status="running", metrics={}, best={})
        return folder

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Return the run at `path`; a RequestError says what is missing or damaged when it is not one."""
        folder = cls(path)
        if not (path / "config.yaml").is_file():
            raise RequestError(
                Problem(
                    str(path),
                    "not the folder of a run: it has no config.yaml; give outputs/<experiment>/<time>-<id>",
                )
            )
        _refuse_strange_files(path)
        folder.config()
        folder.summary()
        return folder

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other process away while the block runs; a RequestError says that one is at work already."""
        with ExitStack() as stack:
            try:
                mine = stack.enter_context(file_lock(self.path / ".lock"))
            except OSError as error:
                what = f"cannot be written to ({error.strerror}); resume it where it can, or resume a copy of it"
                raise RequestError(Problem(str(self.path), what)) from error
            if not mine:
                raise RequestError(
                    Problem(
                        str(self.path),
                        "another process is at work on this run; wait for it, or stop it",
                    )
                )
            sign(self.path / ".lock")
            yield

    @property
    def name(self) -> str:
        """`<time>-<id>`: unique, and allowed as an id on a dashboard."""
        return self.path.name

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def metrics(self) -> Path:
        """The record, metrics.jsonl."""
        return self.path / "metrics.jsonl"

    @property
    def log(self) -> Path:
        """The log, train.log; give it to `logging.FileHandler`."""
        return self.path / "train.log"

    def config(self) -> dict[str, Any]:
        """Read the resolved configuration."""
        try:
            text = read_text(self.path / "config.yaml")
            if "${" in text:
                raise ValueError("it refers to something with ${…}, which darnax never leaves")
            return _mapping(without_computed(_mapping(load_plain(text))))
        except (OSError, ValueError, RecursionError) as error:
            raise _damaged(self.path / "config.yaml", error) from error

    def environment(self) -> dict[str, Any]:
        """Read environment.json; nothing where it cannot be read: a run can do without."""
        try:
            return _mapping(json.loads(read_text(self.path / "environment.json")))
        except (OSError, ValueError, RecursionError):
            return {}

    def summary(self) -> dict[str, Any]:
        """Read summary.json."""
        try:
            return read_summary(self.path / "summary.json")
        except (OSError, ValueError, RecursionError) as error:
            raise _damaged(self.path / "summary.json", error) from error

    def write_summary(self, **fields: Any) -> dict[str, Any]:
        """Replace the given fields of summary.json, take away those that are None, keep the others, and return it whole.

        Fields: `status` (running, finished, pruned, interrupted, failed), `metrics` and `best` (name -> value), `epochs`,
        `steps`, `wall_seconds`, `images_per_second`; `reason`, why it failed, and `warning`, where there is something to tell.
        """
        if fields.get("status", "running") not in STATUSES:
            raise ValueError(
                f"status: got {fields['status']!r}, expected one of {', '.join(STATUSES)}"
            )
        before = self.summary() if (self.path / "summary.json").exists() else {}
        after = {name: value for name, value in {**before, **fields}.items() if value is not None}
        write_atomically(self.path / "summary.json", encode(after, indent=2) + "\n")
        return after


def _make_exclusively(parent: Path) -> Path:
    try:
        parent.mkdir(parents=True, exist_ok=True)
        while (
            path := _made(parent / f"{time.strftime('%Y-%m-%d_%H-%M-%S')}-{secrets.token_hex(3)}")
        ) is None:
            pass
    except OSError as error:
        raise RequestError(
            Problem(
                "paths.outputs",
                f"no run folder can be made ({error}); choose a folder you can write to",
            )
        ) from error
    return path


def _refuse_strange_files(path: Path) -> None:
    # What is written through a link lands outside of the folder, and a folder may come from anywhere.
    for entry in (
        *path.iterdir(),
        *(inner for name in FOLDERS for inner in (path / name).glob("*")),
    ):
        if entry.is_symlink():
            raise RequestError(
                Problem(
                    str(entry),
                    "is a link; a run folder holds its files itself, put the file in its place",
                )
            )
    for entry in (*(path / name for name in FILES), *(path / "analysis").glob("*.csv")):
        if is_strange(entry):
            raise RequestError(
                Problem(str(entry), "is not a regular file; restore it, or take it away")
            )
    for entry in (path / name for name in FOLDERS):
        if entry.exists() and not entry.is_dir():
            raise RequestError(Problem(str(entry), "is not a folder; restore it, or take it away"))


def _made(path: Path) -> Path | None:
    try:
        path.mkdir()
    except FileExistsError:
        return None
    return path


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise ValueError(f"got {value!r:.40}, expected names with values")
    return value


def _damaged(path: Path, error: Exception) -> RequestError:
    reason = first_line(error)
    return RequestError(
        Problem(str(path), f"cannot be read ({reason}); restore it, or start a new run")
    )
