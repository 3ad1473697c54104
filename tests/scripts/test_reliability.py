"""Writing a pytest report into the page. Oracle: the numbers in the report."""

import runpy
from pathlib import Path

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "reliability.py"))
REPORT = """<testsuites><testsuite>
<testcase classname="tests.reliability.test_a" name="test_one[x]"><properties>
<property name="cases:kills" value="1200"/>
<property name="cases:full disks" value="3"/></properties></testcase>
<testcase classname="tests.reliability.test_a" name="test_two[1]"/>
<testcase classname="tests.reliability.test_a" name="test_two[2]"><failure>no</failure></testcase>
</testsuite></testsuites>"""


def test_cases_are_counted_and_rows_of_other_existing_tests_stay(tmp_path):
    (tmp_path / "report.xml").write_text(REPORT)
    new = SCRIPT["count_cases"]([tmp_path / "report.xml"])
    assert new == {
        "test_a::test_one": ("1,200 kills, 3 full disks", "0"),
        "test_a::test_two": ("2", "1"),
    }
    begin, end = SCRIPT["BEGIN"], SCRIPT["END"]
    exists = "test_no_pickle::test_no_file_is_unpickled_or_run"
    rows = f"| `test_a::test_two` | 7 | 0 |\n| `{exists}` | 5 damages | 0 |\n"
    rows += "| `test_b::test_removed` | 5 | 0 |\n"
    page = f"before\n{begin}\n{rows}{end}\nafter\n"
    written = SCRIPT["update_page"](page, new)
    assert written.startswith(f"before\n{begin}\n")
    assert written.endswith(f"{end}\nafter\n")
    assert "| `test_a::test_two` | 2 | 1 |" in written
    assert f"| `{exists}` | 5 damages | 0 |" in written
    assert "test_removed" not in written
    assert SCRIPT["update_page"](written, new) == written


def test_the_page_has_markers_for_the_table():
    page = SCRIPT["PAGE"].read_text()
    assert page.count(SCRIPT["BEGIN"]) == page.count(SCRIPT["END"]) == 1
