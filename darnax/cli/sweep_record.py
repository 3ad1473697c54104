"""What a sweep is asked to do, written down before its first point starts; its folder alone is enough to go on with it.

```
sweep.json         the command, and every point with its resolved configuration; written whole or not at all
.points/<identity> locked while the point runs, by whatever process; an empty line whenever it was started, and one that
                   says why whenever it failed
.stop              there while the sweep is being stopped
study.journal      of a search: Optuna's study
<time>-<id>/       the runs; the one of a point has its overrides
```
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from darnax.errors import Problem, RequestError

NAME = "sweep.json"
ASIDE = ("paths", "tracking")  # where things lie and who is told changes no result
PATIENCE = 3.0  # seconds for a process that is at its end to let go of its point


@dataclass(frozen=True)
class Point:
    """One configuration of a sweep; `refusal` says why there is none, `composed` is it with its references kept."""

    overrides: tuple[str, ...]
    config: Mapping[str, Any] | None
    refusal: str = ""
    composed: Mapping[str, Any] | None = None

    @property
    def content(self) -> dict[str, Any]:
        """What decides the results."""
        return {key: value for key, value in (self.config or {}).items() if key not in ASIDE}

    @cached_property
    def identity(self) -> str:
        """The same for the same content, on every machine; without a configuration, for the same overrides."""
        text = json.dumps(self.content or self.overrides, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Goal:
    """What the points of a sweep are compared by, and what a search does with that.

    Args:
        metric: any name in metrics.jsonl.
        value: of the metric over a run.
        direction: in which it gets better.
        trials: how many points there will be; 0 for those that there are.
        pruner: how Optuna tells a run that is hopeless; None: all runs go to their end.
    """

    metric: str = "eval/accuracy"
    value: Literal["best", "last"] = "last"
    direction: Literal["maximize", "minimize"] = "maximize"
    trials: int = 0
    pruner: Mapping[str, Any] | None = None

    def better(self, values: Iterable[float]) -> float:
        """Return the best of some values; nan when there is none."""
        known = [value for value in values if not math.isnan(value)]
        return (max if self.direction == "maximize" else min)(known, default=math.nan)


@dataclass
class Record:
    """The folder of a sweep and what its sweep.json says.

    Args:
        folder: absolute.
        overrides, file: what was asked, with `--config` if it was.
        directory: where it was asked, for the sake of ./configs.
        command: the command line as it was typed.
        points: all of them, or those that a search has drawn; none before they are composed.
        goal: what they are compared by.
    """

    folder: Path
    overrides: list[str]
    file: Path | None
    directory: Path
    command: list[str]
    points: list[Point] = field(default_factory=list)
    goal: Goal = Goal()

    @classmethod
    def read(cls, folder: Path) -> "Record":
        """Return the sweep in a folder; a RequestError says what is missing or damaged when there is none."""
        try:
            content = json.loads((folder / NAME).read_text(encoding="utf-8"))
            file = content.pop("file")
            points = [Point(tuple(point.pop("overrides")), **point) for point in content.pop("points")]
            goal = Goal(**content.pop("goal", {}))
            directory = Path(content.pop("directory"))
            return cls(folder, file=file and Path(file), directory=directory, points=points, goal=goal, **content)
        except FileNotFoundError as error:
            what = f"not the folder of a sweep: it has no {NAME}; give outputs/<name>/sweeps/<time>-<id>"
            raise RequestError(Problem(str(folder), what)) from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise RequestError(Problem(str(folder / NAME), f"cannot be read ({error}); start a new sweep")) from error

    def write(self) -> None:
        """Put the record into the folder."""
        from darnax.atomic import write_atomically

        content = {key: str(value) if isinstance(value, Path) else value for key, value in asdict(self).items()}
        del content["folder"]
        (self.folder / ".points").mkdir(parents=True, exist_ok=True)
        write_atomically(self.folder / NAME, json.dumps(content))

    def point(self, overrides: Sequence[str]) -> Point:
        """Find a point by its overrides."""
        return next(point for point in self.points if point.overrides == tuple(overrides))

    def runs(self) -> dict[tuple[str, ...], Path]:
        """Find the run of every point that has one; a run that was killed while its folder was made is none."""
        found = {overrides_of(path.parent): path.parent for path in sorted(self.folder.glob("*/summary.json"))}
        return {point.overrides: found[point.overrides] for point in self.points if point.overrides in found}

    @property
    def stop(self) -> Path:
        """The file that asks every process of the sweep to stop."""
        return self.folder / ".stop"

    def note(self, point: Point) -> Path:
        """The file that is locked while a point runs, and says how often it was started and why it failed."""
        return self.folder / ".points" / point.identity


@cache
def overrides_of(run: Path) -> tuple[str, ...]:
    """Read the overrides of a run; none when they cannot be read."""
    from omegaconf import OmegaConf

    from darnax.bounded_yaml import require_bounded

    try:
        text = (run / "overrides.yaml").read_text(encoding="utf-8")
        require_bounded(text)
        return tuple(map(str, OmegaConf.to_container(OmegaConf.create(text))))  # type: ignore[arg-type]
    except Exception:  # YAML, OmegaConf and the file system each have their own
        return ()


def history(note: Path) -> list[str]:
    """Return what happened to a point: an empty line when it was started, `failed: why` or `refused: why` when it failed."""
    return note.read_text().splitlines() if note.exists() else []


def add(note: Path, line: str) -> None:
    """Note that a point was started, or why it failed."""
    with note.open("a") as file:
        file.write(f"{line}\n")
