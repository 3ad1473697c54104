"""The results page. Oracle: the runs on disk, and the arithmetic of their numbers."""

import json
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev

import pytest
import yaml

from darnax.builder import build
from darnax.composing.composer import compose

ROOT = Path(__file__).parents[2]
ACCURACIES = re.compile(r"0\.\d{4} ± 0\.\d{4}")
CHAIN = "darnax train +experiment=mnist_chain data.validation=0"  # the row that is taken here
AROUND = {"git": {"commit": "0123456789abcdef", "dirty": False}, "device": {"kind": "cpu"}}


@pytest.fixture
def reproduce(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import reproduce

    return reproduce


def run(place, name, accuracy, *overrides, status="finished"):
    folder = place / "mnist_chain" / name
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(
        yaml.safe_dump(compose(["+experiment=mnist_chain", "data.validation=0", *overrides]))
    )
    (folder / "environment.json").write_text(json.dumps(AROUND))
    summary = {"status": status, "metrics": {"test/accuracy": accuracy}, "wall_seconds": 60.0}
    (folder / "summary.json").write_text(json.dumps(summary))


def test_an_interrupted_run_counts_until_there_is_a_finished_one(
    reproduce, monkeypatch, capsys, tmp_path
):
    at = ("--outputs", tmp_path, "--docs", tmp_path)
    run_script(reproduce, monkeypatch, capsys, *at)
    assert "10 epochs |  |  |  |  |  | `darnax train" in (tmp_path / "results.md").read_text()
    summary = {
        "status": "interrupted",
        "metrics": {"eval/accuracy": 0.95},
        "wall_seconds": 30.0,
        "epochs": 5.4,
    }
    run(tmp_path, "2026-01-03_00-00-00-aaaaaa", 0.0, "seed=0", "runner.evaluate_every=1")
    (tmp_path / "mnist_chain/2026-01-03_00-00-00-aaaaaa/summary.json").write_text(
        json.dumps(summary)
    )
    assert run_script(reproduce, monkeypatch, capsys, *at, "--missing").endswith("seed=0,1,2\n")
    run_script(reproduce, monkeypatch, capsys, *at)
    assert "| 0.9500 | 1, cut off after 5 epochs | 30 |" in (tmp_path / "results.md").read_text()
    run(tmp_path, "2026-01-02_00-00-00-aaaaaa", 0.97, "seed=0")
    run_script(reproduce, monkeypatch, capsys, *at)
    assert "| 0.9700 | 1 | 60 |" in (tmp_path / "results.md").read_text()
    shutil.rmtree(tmp_path / "mnist_chain/2026-01-02_00-00-00-aaaaaa")
    run_script(reproduce, monkeypatch, capsys, *at)
    assert "| 0.9700 | 1 | 60 |" in (tmp_path / "results.md").read_text()


def run_script(reproduce, monkeypatch, capsys, *arguments):
    from reproduction.rows.beyond import BEYOND

    monkeypatch.setattr(reproduce, "SECTIONS", (replace(BEYOND, rows=BEYOND.rows[1:2]),))
    monkeypatch.setattr(sys, "argv", ["reproduce.py", *map(str, arguments)])
    reproduce.main()
    return capsys.readouterr().out


def test_a_row_uses_only_runs_with_its_configuration(reproduce, monkeypatch, capsys, tmp_path):
    run(tmp_path, "2026-01-01_00-00-00-aaaaaa", 0.5, "seed=0")  # repeated below: the newest counts
    run(
        tmp_path,
        "2026-01-02_00-00-00-aaaaaa",
        0.9712,
        "seed=0",
        "tracking=local",
        f"paths.outputs={tmp_path}",
    )
    run(tmp_path, "2026-01-02_00-00-01-aaaaaa", 0.9735, "seed=1")
    run(tmp_path, "2026-01-02_00-00-02-aaaaaa", 0.1, "seed=2", "model.depth=3")
    run(
        tmp_path,
        "2026-01-02_00-00-03-aaaaaa",
        0.1,
        "seed=2",
        "data.validation=5000",
        status="interrupted",
    )
    run(tmp_path, "2026-01-02_00-00-04-aaaaaa", 0.1, "seed=3")
    left = run_script(
        reproduce, monkeypatch, capsys, "--outputs", tmp_path, "--docs", tmp_path, "--missing"
    )
    assert (
        left == "darnax train -m +experiment=mnist_chain data.validation=0 tracking=local seed=2\n"
    )

    physics = tmp_path / "physics" / "counting"
    physics.mkdir(parents=True)
    (physics / "result.json").write_text(
        json.dumps({"text": "How many.", "seconds": 3.2, "rows": [{"J_D": 0.5, "counted": "2"}]})
    )
    run_script(reproduce, monkeypatch, capsys, "--outputs", tmp_path, "--docs", tmp_path)
    page = (tmp_path / "results.md").read_text()
    row = re.search(r"^\| `mnist_chain`.*$", page, re.MULTILINE)[0]
    values = [0.9712, 0.9735]
    assert (
        f"| {fmean(values):.4f} ± {stdev(values):.4f} | 2 | 60 | CPU | 0123456 | `{CHAIN}` |" in row
    )
    assert "| J_D | counted |\n| --- | --- |\n| 0.5 | 2 |\n" in page


def test_the_picture_of_robustness_shows_the_numbers_of_its_table(
    reproduce, monkeypatch, capsys, tmp_path
):
    """Oracle: the axes, on which the pixel of a number is found by the rule of three."""
    from reproduction.robustness import NETWORKS, TITLES

    columns = [f"{network}, {disturbance}" for disturbance in TITLES for network in NETWORKS]
    accuracies = {0.0: 1.0, 0.25: 0.6, 0.5: 0.2}
    rows = [
        {"share": share} | dict.fromkeys(columns, f"{accuracy:.4f} ± 0.1000")
        for share, accuracy in accuracies.items()
    ]
    measured = tmp_path / "physics" / "robustness"
    measured.mkdir(parents=True)
    result = {"text": "Accuracy. And more.", "seconds": 3.2, "rows": rows}
    (measured / "result.json").write_text(json.dumps(result))
    run_script(reproduce, monkeypatch, capsys, "--outputs", tmp_path, "--docs", tmp_path)
    assert "![Accuracy](robustness.svg)\n\n| share |" in (tmp_path / "results.md").read_text()
    picture = (tmp_path / "robustness.svg").read_text()
    points = [
        tuple(map(float, found))
        for found in re.findall(r'<circle class="curve0" cx="(.*?)" cy="(.*?)"', picture)
    ]
    assert len(points) == len(TITLES) * len(accuracies)
    (x0, y0), (x1, y1), (x2, y2) = points[:3]
    assert x1 - x0 == x2 - x1  # equal steps of the share
    assert y1 - y0 == pytest.approx(y2 - y1)  # equal steps of the accuracy, downwards
    bars = re.findall(r'<path class="curve0" d="M\S+,(\S+) V(\S+) ', picture)
    lengths = [float(low) - float(high) for low, high in bars]
    assert lengths == pytest.approx([(y1 - y0) / 0.4 * 0.2] * len(points), abs=0.2)


def test_receipts_are_kept_without_the_runs_and_mark_changed_settings(
    reproduce, monkeypatch, capsys, tmp_path
):
    from reproduction import ledger

    outputs, empty = tmp_path / "outputs", tmp_path / "empty"
    docs = tmp_path / "new" / "docs"
    for seed in (0, 1, 2):
        run(outputs, f"2026-01-01_00-00-00-aaaaa{seed}", 0.97, f"seed={seed}")
    run_script(reproduce, monkeypatch, capsys, "--outputs", outputs, "--docs", docs)
    page = (docs / "results.md").read_text()
    assert "0 commands" in run_script(
        reproduce, monkeypatch, capsys, "--outputs", empty, "--docs", docs
    )
    assert (docs / "results.md").read_text() == page

    monkeypatch.setattr(
        ledger, "identity_of_row", lambda overrides, seed: frozenset({("seed", seed)})
    )
    assert "seed=0,1,2" in run_script(
        reproduce, monkeypatch, capsys, "--outputs", empty, "--docs", docs, "--missing"
    )
    run_script(reproduce, monkeypatch, capsys, "--outputs", empty, "--docs", docs)
    assert (docs / "results.md").read_text() == page.replace("| 0123456 |", "| 0123456* |")


def test_numbers_in_other_files_equal_the_receipts(reproduce):
    from reproduction.ledger import Ledger
    from reproduction.rewriting import rewrite_files
    from reproduction.rows import SECTIONS

    rows = [row for section in SECTIONS for row in section.rows]
    for file, text in rewrite_files(ROOT, rows, Ledger.read(ROOT / "docs/receipts.json")).items():
        assert file.read_text() == text, file


# Not on the results page: one has its command beside it, one is of the middle of a run.
OTHERS = {"docs/science.md": {"0.9171 ± 0.0028", "0.7939 ± 0.0038"}}
PAGES = ("README.md", "docs/*.md", "docs/guides/*.md", "docs/tutorials/*.md")


def test_accuracies_in_the_text_of_pages_equal_the_receipts():
    """Oracle: the results page, which is written from the receipts."""
    known = set(ACCURACIES.findall((ROOT / "docs/results.md").read_text()))
    for page in (path for pattern in PAGES for path in ROOT.glob(pattern)):
        found = set(ACCURACIES.findall(page.read_text()))
        unknown = found - known - OTHERS.get(str(page.relative_to(ROOT)), set())
        assert not unknown, page


def test_numbers_beside_a_command_are_updated_and_nothing_else(
    reproduce, monkeypatch, capsys, tmp_path
):
    for seed, accuracy in enumerate((0.97, 0.972, 0.974)):
        run(tmp_path / "outputs", f"2026-01-01_00-00-00-aaaaa{seed}", accuracy, f"seed={seed}")
    experiment, readme = tmp_path / "configs/experiment/mnist_chain.yaml", tmp_path / "README.md"
    experiment.parent.mkdir(parents=True)
    other = "# darnax train +experiment=unheard_of seed=0,1,2 -m    test 0.5\nname: x\n"
    experiment.write_text(f"# A chain\n# {CHAIN} seed=0,1,2 -m  test 0.1\n{other}")
    readme.write_text(
        f"| a chain | | 0.1 ± 0.2 | `{CHAIN} seed=0,1,2 -m` |\n| x | 0.5 | `darnax` |\n"
    )
    (tmp_path / "docs").mkdir()
    run_script(
        reproduce,
        monkeypatch,
        capsys,
        "--outputs",
        tmp_path / "outputs",
        "--docs",
        tmp_path / "docs",
    )
    updated = "test 0.9720 ± 0.0020 (3 seeds, 60 s, CPU, commit 0123456)"
    assert experiment.read_text() == f"# A chain\n# {CHAIN} seed=0,1,2 -m    {updated}\n{other}"
    cells = f"| 0.9720 ± 0.0020 | `{CHAIN} seed=0,1,2 -m` |"
    assert readme.read_text() == f"| a chain | {cells}\n| x | 0.5 | `darnax` |\n"


def test_a_guide_has_measurements_and_numbers_beside_commands(reproduce, tmp_path):
    from reproduction.ledger import Ledger
    from reproduction.receipts import Receipt
    from reproduction.rewriting import rewrite_files
    from reproduction.rows.row import Row

    guide = tmp_path / "docs/guides/memory.md"
    guide.parent.mkdir(parents=True)
    table = "<!-- table memory_map -->\n{}<!-- end of table -->\n"
    beside = "| random | {} | `darnax train +experiment=memory seed=0,1,2 -m` |\n"
    guide.write_text(table.format("") + beside.format("0.1"))
    row = Row("random", "+experiment=memory")
    receipts = {seed: Receipt({"test/accuracy": 0.5}, 1.0, "CPU", "0123456", "") for seed in (0, 1)}
    result = {"text": "A map. And more.", "seconds": 3.2, "rows": [{"α": 0.5}], "commit": "0123456"}
    ledger = Ledger({row.command: receipts}, {"memory_map": result})
    measured = (
        "\nA map. And more.\n\n![A map](../memory_map.svg)\n\n| α |\n| --- |\n| 0.5 |\n\n"
        "`python scripts/reproduce.py --physics memory_map`, 3 s, commit 0123456\n\n"
    )
    expected = table.format(measured) + beside.format("0.5000 ± 0.0000")
    assert rewrite_files(tmp_path, [row], ledger)[guide] == expected


@pytest.mark.slow
def test_every_row_can_be_built(reproduce):
    from reproduction.rows import SECTIONS

    for section in SECTIONS:
        for row in section.rows:
            build(compose(row.overrides.split()))
            assert len(row.metrics) == len(section.heads)
