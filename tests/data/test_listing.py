"""Oracle: what was prepared, and the registered builders of TFDS."""

import subprocess
import sys
from pathlib import Path

import pytest

from darnax.data import Row, catalogue, describe, prepare
from darnax.data.archives import EMNIST
from darnax.errors import RequestError


def test_catalogue(tiny: Path, tmp_path: Path) -> None:
    assert catalogue(tmp_path / "none") == [
        Row("mnist", False, "bundled"),
        Row("fashion_mnist", False, "archives"),
        Row("kmnist", False, "archives"),
        Row("cifar10", False, "archives"),
        Row("cifar100", False, "archives"),
        Row("svhn_cropped", False, "archives"),
        *(Row(f"emnist/{config}", False, "archives") for config in EMNIST),
    ]
    prepare("kmnist", tmp_path, archives=tiny)
    (tmp_path / "emnist/balanced/3.1.0").mkdir(parents=True)
    (tmp_path / "emnist/balanced/3.1.0/dataset_info.json").write_text(
        "{}"
    )  # in TFDS's usual format, which needs no word
    for name, info in {
        "written_by_riegeli": '{"fileFormat": "riegeli"}',
        "damaged": "{",
        "empty": "",
    }.items():
        (tmp_path / name / "1.0.0").mkdir(parents=True)
        (tmp_path / name / "1.0.0/dataset_info.json").write_text(info)
    rows = {row.name: row for row in catalogue(tmp_path)}
    assert [name for name, row in rows.items() if row.prepared] == ["kmnist", "emnist/balanced"]
    assert rows["emnist/balanced"].origin == "archives"


def test_describe(tiny: Path, tmp_path: Path) -> None:
    before = describe("fashion_mnist", tmp_path)
    assert not before.prepared
    assert before.splits == {}
    assert (before.shape, before.classes, before.class_names[9]) == ((28, 28, 1), 10, "Ankle boot")
    prepare("fashion_mnist", tmp_path, archives=tiny)
    after = describe("fashion_mnist", tmp_path)
    assert after.prepared
    assert after.splits == {"train": 60, "test": 20}
    assert (after.version, after.folder) == ("3.0.1", tmp_path / "fashion_mnist/3.0.1")
    with pytest.raises(RequestError, match="nearest: mnist"):
        describe("mnits", tmp_path)


def test_the_directory_of_the_environment(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "here"))
    assert describe("mnist").folder == tmp_path / "here/mnist/3.0.1"


def test_listing_starts_neither_jax_nor_tfds(tmp_path: Path) -> None:
    heavy = "{'jax', 'tensorflow_datasets'} & {*sys.modules}"
    call = f"catalogue({str(tmp_path)!r})"
    code = f"import sys; from darnax.data import catalogue; {call}; print({heavy})"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "set()\n"
    )


def test_every_public_name_can_be_imported() -> None:
    import darnax.data

    assert sorted(darnax.data.__all__) == sorted(darnax.data._MODULE_OF)
    assert all(getattr(darnax.data, name).__name__ == name for name in darnax.data.__all__)


def test_a_damaged_set_is_described_as_damaged(tiny: Path, tmp_path: Path) -> None:
    (prepare("fashion_mnist", tmp_path, archives=tiny) / "dataset_info.json").write_text("{")
    with pytest.raises(
        RequestError, match=r"fashion_mnist in .* is damaged: `darnax data prepare fashion_mnist`"
    ):
        describe("fashion_mnist", tmp_path)
