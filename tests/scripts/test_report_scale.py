"""The script that measures reports. Oracle: the numbers of runs and rows that it has to make."""

from pathlib import Path

import pytest

from darnax.reports.compare import compare
from darnax.reports.runs import find

ROOT = Path(__file__).parents[2]


@pytest.fixture
def report_scale(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import report_scale

    return report_scale


def test_fabricated_runs_are_read_as_finished_runs_of_a_few_configurations(report_scale, tmp_path):
    report_scale.make_runs(tmp_path, 12, rows=10)
    runs = find([tmp_path])
    assert [run.status for run in runs] == ["finished"] * 12
    assert [row.n for row in compare(runs).rows] in ([5, 5, 2], [5, 2, 5], [2, 5, 5])
    for run in runs:
        assert len(list(run.rows())) == 10
        assert run.digest().extremes["eval/accuracy"]["highest"].value == run.value("eval/accuracy")


@pytest.mark.slow
def test_every_command_is_one_line_of_the_table(report_scale, tmp_path, monkeypatch, capsys):
    words = ["report_scale.py", "--runs", "3", "--rows", "30", "--place", str(tmp_path)]
    monkeypatch.setattr("sys.argv", words)
    report_scale.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 3 + 3
    assert all(line.count("|") == lines[0].count("|") for line in lines)
    assert not list(tmp_path.iterdir())
