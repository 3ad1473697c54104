import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from darnax.cli.app import app
from darnax.composing import config_folders

FILES = {
    "config.yaml": """
defaults: [{model: chain}, paths, _self_]
name: run
seed: 0
runner: {epochs: 2}
""",
    "paths.yaml": "paths: {outputs: outputs, data: ~/sets}",
    "model/chain.yaml": "depth: 1\nlayers: {hidden: {j_d: 0.5}}",
    "model/wide.yaml": "depth: 1\nwidth: 9\nlayers: {hidden: {j_d: 0.5}}",
    "experiment/first.yaml": "# @package _global_\n# The first experiment\nname: first",
    "experiment/second.yaml": """# @package _global_
# The second experiment
# and more about it
defaults: [{override /model: wide}]
name: second
""",
    "experiment/broken.yaml": "# @package _global_\n# Not YAML\nname: [",
    "experiment/dangling.yaml": "# @package _global_\n# An unknown key\n"
    "name: ${model.dept}\nlater: ???",
    "experiment/orphan.yaml": "# @package _global_\n# A missing file\n"
    "defaults: [{override /model: chian}]",
    "experiment/truth.yaml": "# @package _global_\n# A key that YAML reads as true\n"
    "labels: {on: 1}",
    "debug/quick.yaml": "# @package _global_\n# Short\nrunner: {epochs: 1}",
}


def write(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory


KILLED: dict[
    Path, str
] = {}  # what the sweep below leaves, with a word in the place of the folder that it is in
PLACE = "/the/place/of/the/sweep"


class Killed(BaseException):
    """Stands for the end of the process by a kill."""


class Lab:
    """An empty working directory, packaged configurations, and a fake runner that records calls.

    Args:
        place: the working directory.
        packaged: the folder of configurations, which tests share and do not change.
    """

    def __init__(self, place: Path, packaged: Path) -> None:
        self.place = place
        self.packaged = packaged
        self.calls: list[dict] = []
        self.fail = lambda config: None
        self.value = lambda config: config["seed"] / 10
        self.refuse = lambda config: None

    def train(
        self, config, *, overrides, command, composed=None, sweep=None, display=None, given=None
    ):
        json.dumps(config)  # plain containers, or this raises
        self.calls.append(
            {
                "config": config,
                "overrides": overrides,
                "command": command,
                "sweep": sweep and sweep.folder,
            }
        )
        self.fail(config)
        value = self.value(config)
        logged = [
            {"eval/accuracy": value / 2, "loss": -2 * value},
            {"eval/accuracy": value, "loss": -value},
        ]
        summary = {"status": "finished", "metrics": logged[-1]}
        if sweep:
            rows = "".join(json.dumps(row) + "\n" for row in logged)
            run = {
                "config.yaml": json.dumps(config),
                "overrides.yaml": json.dumps(list(overrides)),
                "summary.json": json.dumps(summary),
                "metrics.jsonl": rows,
            }
            write(sweep.folder / f"run-{len(list(sweep.folder.glob('run-*'))) + 1}", run)
        return self.place, summary

    def kill_at(self, seed):
        def fail(config):
            if config["seed"] == seed:
                raise Killed

        self.fail = fail

    def examine(self, config, *, here):
        self.refuse(config)

    def resume(
        self,
        run,
        sweep=None,
        trusted=(),
        data=None,
        data_path=None,
        longer=None,
        distributed=None,
        display=None,
    ):
        self.calls.append(
            {"resume": run}
            | ({"data": data} if data else {})
            | ({"longer": longer} if longer else {})
            | ({"trusted": set(trusted)} if trusted else {})
        )
        if sweep:
            write(
                run,
                {
                    "summary.json": json.dumps(
                        {"status": "finished", "metrics": {"eval/accuracy": 1.0}}
                    )
                },
            )
        return {"status": "finished", "metrics": {}}

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), prog_name="darnax")

    def write(self, files: dict[str, str]) -> None:
        write(self.place, files)

    def write_packaged(self, files: dict[str, str]) -> None:
        """Give this test packaged configurations of its own, with these files."""
        self.packaged = write(self.place.parent / "packaged", FILES | files)

    def left(self) -> list[str]:
        return sorted(str(p.relative_to(self.place)) for p in self.place.rglob("*"))

    def table(self, result: Result) -> list[list[str]]:
        """Return the non-empty cells of the table at the end of a sweep's output."""
        lines = result.stdout.splitlines()
        start = max(i for i, line in enumerate(lines) if line.startswith("point "))
        rows = [line.split("  ") for line in lines[start + 1 :] if "  " in line]
        return [[cell.strip() for cell in row if cell.strip()] for row in rows]

    @property
    def configs(self) -> list[dict]:
        return [call["config"] for call in self.calls]


@pytest.fixture(scope="session")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the configurations once: darnax reads and merges files of one folder once."""
    return write(tmp_path_factory.mktemp("packaged"), FILES)


@pytest.fixture
def lab(tmp_path, monkeypatch, packaged) -> Lab:
    from darnax.laboratory import training
    from darnax.sweeps import checks, data_checks, logged_metrics

    (tmp_path / "work").mkdir()
    lab = Lab(tmp_path / "work", packaged)
    monkeypatch.chdir(lab.place)
    monkeypatch.setattr(config_folders, "packaged_folder", lambda: lab.packaged)
    monkeypatch.setattr(training, "train", lab.train)
    monkeypatch.setattr(training, "resume", lab.resume)
    monkeypatch.setattr(checks, "check_point", lab.examine)
    monkeypatch.setattr(data_checks, "examine_data", lambda points, outlines: points)
    monkeypatch.setattr(logged_metrics, "require_logged", lambda metric, experiment: None)
    monkeypatch.delenv("DARNAX_DEBUG", raising=False)
    assert lab.left() == []
    return lab


@pytest.fixture
def sweep(lab) -> Path:
    """A sweep over four seeds, killed at the start of the third run.

    It is created once and copied for every test.
    """
    if not KILLED:
        lab.kill_at(3)
        lab("train", "-m", "+experiment=first", "seed=1,2,3,4")
        assert [c["seed"] for c in lab.configs] == [1, 2, 3]
        lab.calls.clear()
        lab.fail = lambda config: None
        files = (path for path in lab.place.rglob("*") if path.is_file())
        KILLED.update(
            {
                path.relative_to(lab.place): path.read_text().replace(str(lab.place.parent), PLACE)
                for path in files
            }
        )
    lab.write(
        {str(name): text.replace(PLACE, str(lab.place.parent)) for name, text in KILLED.items()}
    )
    (folder,) = lab.place.glob("outputs/*/sweeps/*")
    return folder
