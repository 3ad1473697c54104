"""Names of points in the table and on dashboards. Oracle: the settings in which points differ."""

import json
from pathlib import Path

from darnax.sweeps.membership import Membership
from darnax.sweeps.names import name_points
from darnax.sweeps.point import Point
from darnax.sweeps.record import Record

J_D, DEPTH = "model.layers.hidden.j_d", "model.depth"


def record(
    asked: str, *points: str, folder: Path = Path("outputs/chain/sweeps/2026-01-01_00-00-00-a1b2")
) -> Record:
    made = [Point(tuple(point.split()), {"n": n}) for n, point in enumerate(points)]
    return Record(folder, asked.split(), None, Path(), [], made)


def test_points_are_named_by_their_differences():
    grid = record(
        f"+experiment=chain {DEPTH}=1,2 {J_D}=0.5",
        *(f"+experiment=chain {DEPTH}={n} {J_D}=0.5" for n in (1, 2)),
    )
    assert list(name_points(grid).values()) == ["depth=1", "depth=2"]


def test_keys_are_shortened_as_far_as_they_stay_unique():
    two = [f"up.strength={n} down.strength={n} seed={n}" for n in (1, 2)]
    assert list(name_points(record("", *two)).values()) == two


def test_the_first_point_of_a_search_has_no_other_to_differ_from():
    search = record(
        f"experiment=chain {J_D}=interval(0,1) seed=3", f"{J_D}=0.7123 +experiment=chain seed=3"
    )
    assert list(name_points(search).values()) == ["j_d=0.7123"]


def test_a_single_point_is_named_by_all_its_overrides():
    assert list(
        name_points(record("+experiment=chain seed=1", "+experiment=chain seed=1")).values()
    ) == ["experiment=chain seed=1"]


def test_a_single_point_is_named_by_the_key_that_was_given_twice():
    for words in ("seed=1,2 seed=3", "seed=1 seed=3", "++seed=1,2 seed=3"):
        fixed = record(
            f"+experiment=chain {DEPTH}=2 {words}", f"+experiment=chain {DEPTH}=2 seed=3"
        )
        assert list(name_points(fixed).values()) == ["seed=3"]


def test_on_a_dashboard_seeds_of_one_configuration_are_a_group(tmp_path):
    folder = tmp_path / "chain" / "sweeps" / "2026-01-01_00-00-00-a1b2"
    points = [f"{DEPTH}={n} seed={seed}" for n in (1, 2) for seed in (0, 1)]
    sweep = record(f"{DEPTH}=1,2 seed=0,1", *points, folder=folder)
    for number, point in enumerate(points):
        (folder / f"run-{number}").mkdir(parents=True)
        (folder / f"run-{number}" / "overrides.yaml").write_text(json.dumps(point.split()))
    shown = [Membership(sweep).dashboard(folder / f"run-{number}") for number in range(4)]
    assert [run["name"] for run in shown] == [
        "depth=1 seed=0",
        "depth=1 seed=1",
        "depth=2 seed=0",
        "depth=2 seed=1",
    ]
    assert [run["group"] for run in shown] == ["depth=1 (a1b2)"] * 2 + ["depth=2 (a1b2)"] * 2
    assert {run["tags"] for run in shown} == {(folder.name,)}
