"""The folder of one run: what is needed to read it, to repeat it and to resume it."""

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
from darnax.files import is_file, is_strange, read_text
from darnax.locks import file_lock, sign
from darnax.reports import outline as outlines
from darnax.reports.configuration import COMPUTED, without_computed
from darnax.reports.outline import Outline
from darnax.reports.summary import STATUSES, read_summary
from darnax.runner.environment import describe_environment
from darnax.tracking.strict_json import encode

FILES = (
    "config.yaml",
    "overrides.yaml",
    "network.json",
    "environment.json",
    "metrics.jsonl",
    "metrics.last_reported",
    "metrics.told",  # of former versions
    "summary.json",
    "train.log",
    ".lock",
    "confusion.svg",
    "confusion.html",
    "analysis.html",
    "data.npz",
    "data.sha256",
    "encoding.safetensors",
)
FOLDERS = ("checkpoints", "analysis")
# The name of an experiment is one folder in `outputs`: no separators, and not `..`.
EXPERIMENT_NAME = r"^\w[\w.+-]*$"


@dataclass(frozen=True)
class RunFolder:
    """The paths and the small files of a run.

    Every file is replaced as a whole: after a crash it is the old or the new one.

    ```
    config.yaml       the resolved configuration, which runs again as it is; `computed_from` notes
                      which values were computed from which others
    composed.yaml     the same with `${key}` where a value is that of another key; overrides of
                      config.yaml act on this one
    overrides.yaml    the overrides on the command line
    network.json      the buffers and modules of the network, for its picture
    environment.json  versions, git commit and whether it has changes, device, seed, command line
    metrics.jsonl     one JSON object per logged step
    summary.json      status, metrics, best, epochs, steps, wall_seconds, images_per_second
    checkpoints/      to resume from
    data.npz          the arrays that it was trained on, if Python code gave them
    data.sha256       the digest of data of one's own
    encoding.safetensors   the numbers of fitted stages, if the encoding has any
    train.log         what was logged
    .lock             locked by the process that trains the run
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
        """Make a new folder `outputs/<experiment>/<time>-<id>/` and write its first files.

        Args:
            outputs: the folder of all runs.
            experiment: the name of the experiment.
            config: the resolved configuration.
            overrides: of the command line.
            composed: the configuration with references between values.
            computed_from: value -> values from which it was computed. It is written to config.yaml
                too, since that may be copied without composed.yaml.
            command: the command line.

        Raises:
            RequestError: the folder cannot be made.
        """
        folder = cls(_make_new_folder(outputs / experiment))
        folder.checkpoints.mkdir()
        folder.log.touch()
        folder.write_configuration(config, overrides, composed, computed_from)
        environment = describe_environment(seed=config.get("seed"), command=command)
        write_atomically(folder.path / "environment.json", encode(environment, indent=2) + "\n")
        folder.write_summary(status="running", metrics={}, best={})
        return folder

    def write_configuration(
        self,
        config: Mapping[str, Any],
        overrides: Sequence[Any],
        composed: Mapping[str, Any] | None,
        computed_from: Mapping[str, Sequence[str]] | None,
    ) -> None:
        """Write config.yaml, composed.yaml if there is one, and overrides.yaml; see `create`."""
        content = dict(config)
        if computed_from:
            content[COMPUTED] = {key: list(keys) for key, keys in computed_from.items()}
        write_atomically(self.path / "config.yaml", dump_plain(content))
        if composed is not None:
            write_atomically(self.path / "composed.yaml", dump_plain(dict(composed)))
        write_atomically(self.path / "overrides.yaml", dump_plain(list(overrides)))

    def write_outline(self, outline: Outline) -> None:
        """Write network.json."""
        write_atomically(self.path / outlines.FILE, encode(outline.as_json()) + "\n")

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Return the run at `path`.

        Raises:
            RequestError: it is not the folder of a run, or a file in it is damaged.
        """
        folder = cls(path)
        if not is_file(path / "config.yaml"):
            advice = "give outputs/<experiment>/<time>-<id>"
            what = f"not the folder of a run: it has no config.yaml; {advice}"
            raise RequestError(Problem(str(path), what))
        _refuse_strange_files(path)
        folder.config()
        folder.summary()
        return folder

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the folder while the block runs, so that no other process trains this run.

        Raises:
            RequestError: another process has locked it, or the folder cannot be written to.
        """
        file = self.path / ".lock"
        with ExitStack() as stack:
            try:
                is_locked = stack.enter_context(file_lock(file))
            except OSError as error:
                reason = f"cannot be written to ({error.strerror})"
                what = f"{reason}; resume it where it can, or resume a copy of it"
                raise RequestError(Problem(str(self.path), what)) from error
            if not is_locked:
                what = "another process is at work on this run; wait for it, or stop it"
                raise RequestError(Problem(str(self.path), what))
            sign(file)
            yield

    @property
    def name(self) -> str:
        """`<time>-<id>`: unique, and valid as an id on the dashboards."""
        return self.path.name

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def metrics(self) -> Path:
        """The file of the metrics, metrics.jsonl."""
        return self.path / "metrics.jsonl"

    @property
    def log(self) -> Path:
        """The log file, train.log."""
        return self.path / "train.log"

    def config(self) -> dict[str, Any]:
        """Read the resolved configuration."""
        try:
            text = read_text(self.path / "config.yaml")
            # darnax writes no references, and to resolve one may call any resolver.
            if "${" in text:
                raise ValueError("it refers to something with ${…}, which darnax never leaves")
            config = _require_mapping(load_plain(text))
            return _require_mapping(without_computed(config))
        except (OSError, ValueError, RecursionError) as error:
            raise _damaged_error(self.path / "config.yaml", error) from error

    def environment(self) -> dict[str, Any]:
        """Read environment.json; {} if it cannot be read, since it is not needed to resume."""
        try:
            return _require_mapping(json.loads(read_text(self.path / "environment.json")))
        except (OSError, ValueError, RecursionError):
            return {}

    def summary(self) -> dict[str, Any]:
        """Read summary.json."""
        try:
            return read_summary(self.path / "summary.json")
        except (OSError, ValueError, RecursionError) as error:
            raise _damaged_error(self.path / "summary.json", error) from error

    def write_summary(self, **fields: Any) -> dict[str, Any]:
        """Replace fields of summary.json, remove those that are None, and return all of them.

        Fields: `status` (running, finished, pruned, interrupted, failed), `metrics` and `best`
        (name -> value), `epochs`, `steps`, `wall_seconds`, `images_per_second`, `reason` (why it
        failed), `warning`.

        Raises:
            ValueError: the status is none of these.
        """
        if fields.get("status", "running") not in STATUSES:
            expected = ", ".join(STATUSES)
            raise ValueError(f"status: got {fields['status']!r}, expected one of {expected}")
        before = self.summary() if (self.path / "summary.json").exists() else {}
        after = {name: value for name, value in {**before, **fields}.items() if value is not None}
        write_atomically(self.path / "summary.json", encode(after, indent=2) + "\n")
        return after


def _make_new_folder(parent: Path) -> Path:
    try:
        parent.mkdir(parents=True, exist_ok=True)
        # Two processes may draw the same name within a second: only one of them makes the folder.
        while True:
            path = parent / f"{time.strftime('%Y-%m-%d_%H-%M-%S')}-{secrets.token_hex(3)}"
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return path
    except OSError as error:
        what = f"no run folder can be made ({error}); choose a folder you can write to"
        raise RequestError(Problem("paths.outputs", what)) from error


def _refuse_strange_files(path: Path) -> None:
    # A folder may come from anywhere, and what is written through a link lands outside of it.
    entries = list(path.iterdir())
    for name in FOLDERS:
        entries += (path / name).glob("*")
    for entry in entries:
        if entry.is_symlink():
            what = "is a link; a run folder holds its files itself, put the file in its place"
            raise RequestError(Problem(str(entry), what))
    # Reading a pipe or a device would block or never end.
    for entry in (*(path / name for name in FILES), *(path / "analysis").glob("*.csv")):
        if is_strange(entry):
            what = "is not a regular file; restore it, or remove it"
            raise RequestError(Problem(str(entry), what))
    for name in FOLDERS:
        folder = path / name
        if folder.exists() and not folder.is_dir():
            what = "is not a folder; restore it, or remove it"
            raise RequestError(Problem(str(folder), what))


def _require_mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise ValueError(f"got {value!r:.40}, expected names with values")
    return value


def _damaged_error(path: Path, error: Exception) -> RequestError:
    what = f"cannot be read ({first_line(error)}); restore it, or start a new run"
    return RequestError(Problem(str(path), what))
