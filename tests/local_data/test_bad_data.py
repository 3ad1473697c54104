"""Data that cannot be used: one sentence each, nothing hangs, nothing is unpickled or extracted."""

import os
import pickle
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made import bars, png, tar_of, write_images, zip_of

from darnax.errors import RequestError
from darnax.local_data import (
    ArrayFiles,
    ImageFolder,
    ScikitLearn,
    Table,
    array_files,
    image_stores,
)
from darnax.local_data.array_examples import examples_from_arrays, pairs_from_tuple
from darnax.local_data.image_decoding import Form, decode_or_explain

IMAGE = png(np.zeros((4, 4), np.uint8))
GOOD = {f"{label}/{n}.png": IMAGE for label in "ab" for n in range(2)}


def photos(folder: Path) -> Path:
    return write_images(folder / "photos", 2, splits=("train", "test"))


def add(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def mixed_sizes(folder: Path) -> Path:
    add(photos(folder) / "train/cat/wide.png", png(np.zeros((5, 8), np.uint8)))
    return folder / "photos"


def mixed_colours(folder: Path) -> Path:
    add(photos(folder) / "train/cat/red.png", png(np.zeros((9, 9, 3), np.uint8)))
    return folder / "photos"


def many_unreadable(folder: Path) -> Path:
    root = photos(folder)
    for number in range(12):
        add(root / f"train/dog/bad{number:02}.png", b"not an image")
    return root


def cut_short(folder: Path) -> Path:
    root = photos(folder)
    image = root / "test/owl/002.png"
    image.write_bytes(image.read_bytes()[:-20])
    return root


def empty_file(folder: Path) -> Path:
    add(photos(folder) / "train/cat/none.png", b"")
    return folder / "photos"


def class_in_test_alone(folder: Path) -> Path:
    add(photos(folder) / "test/bat/1.png", IMAGE)
    return folder / "photos"


def empty_class(folder: Path) -> Path:
    (photos(folder) / "train/bat").mkdir()
    return folder / "photos"


def one_class(folder: Path) -> Path:
    add(folder / "photos/train/cat/1.png", IMAGE)
    return folder / "photos"


def no_class(folder: Path) -> Path:
    add(photos(folder) / "train/loose.png", IMAGE)
    return folder / "photos"


def other_folder(folder: Path) -> Path:
    add(photos(folder) / "extra/1.png", IMAGE)
    return folder / "photos"


def only_test(folder: Path) -> Path:
    return write_images(folder / "photos", 2, splits=("test",))


def link_out(folder: Path) -> Path:
    root = photos(folder)
    (root / "train/cat/link.png").symlink_to("/etc/hostname")
    return root


def folder_link_out(folder: Path) -> Path:
    root = photos(folder)
    (root / "train/bat").symlink_to(folder)
    return root


def circular_link(folder: Path) -> Path:
    root = photos(folder)
    (root / "train/cat/again").symlink_to(root / "train/cat")
    return root


def link_inside(folder: Path) -> Path:
    root = photos(folder)
    (root / "train/twin").symlink_to(root / "train/cat")
    return root


def broken_link(folder: Path) -> Path:
    root = photos(folder)
    (root / "train/cat/gone.png").symlink_to(root / "train/cat/missing.png")
    return root


def fifo_inside(folder: Path) -> Path:
    root = photos(folder)
    os.mkfifo(root / "train/cat/pipe.png")
    return root


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def leading_out(name: str) -> Callable[[Path], Path]:
    return lambda folder: zip_of(folder / "photos.zip", {**GOOD, name: IMAGE})


def zip_with_link(folder: Path) -> Path:
    path = zip_of(folder / "photos.zip", GOOD)
    info = zipfile.ZipInfo("a/link.png")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    return path


def zip_twice(folder: Path) -> Path:
    path = zip_of(folder / "photos.zip", GOOD)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a/0.png", IMAGE)
    return path


def zip_bomb(folder: Path) -> Path:
    return zip_of(folder / "photos.zip", {**GOOD, "a/bomb.png": bytes(5 << 20)})


def zip_cut(folder: Path) -> Path:
    path = zip_of(folder / "photos.zip", GOOD)
    path.write_bytes(path.read_bytes()[:-40])
    return path


def zip_with_changed_byte(folder: Path) -> Path:
    path = zip_of(folder / "photos.zip", GOOD)
    content = bytearray(path.read_bytes())
    content[60] ^= 255
    path.write_bytes(content)
    return path


def tar_members(folder: Path, extra: tarfile.TarInfo) -> Path:
    members = [(tarfile.TarInfo(name), content) for name, content in GOOD.items()]
    return tar_of(folder / "photos.tar.gz", [*members, (extra, b"")])


def tar_with(kind: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        info = tarfile.TarInfo("a/strange.png")
        info.type, info.linkname = kind, "/etc/passwd"
        return tar_members(folder, info)

    return make


def tar_out(folder: Path) -> Path:
    return tar_members(folder, tarfile.TarInfo("../a.png"))


def tar_bomb(folder: Path) -> Path:
    members = [(tarfile.TarInfo(name), content) for name, content in GOOD.items()]
    bomb = [(tarfile.TarInfo(f"zeros{n}.bin"), bytes(1 << 20)) for n in range(3)]
    return tar_of(folder / "photos.tar.gz", [*members, *bomb])


def image_bomb(folder: Path) -> Path:
    """A PNG whose header claims 60,000 × 60,000 pixels."""
    import struct
    import zlib

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    content = b"\x89PNG\r\n\x1a\n"
    for kind, body in chunks:
        crc = zlib.crc32(kind + body)
        content += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)
    add(photos(folder) / "train/cat/huge.png", content)
    return folder / "photos"


IMAGES: list[tuple[Callable[[Path], Path], str]] = [
    (mixed_sizes, r"several sizes: 12 of 9×9 \(such as test/cat/000.png\), 1 of 5×8 \(such as "
     r"train/cat/wide.png\); give all one with 'data.resize=\[9,9\]'"),
    (mixed_colours, r"grey and in colour: .*; make all alike with data.colour=grey or"),
    (many_unreadable, r"12 files of .* cannot be read: train/dog/bad00.png \(it is not an image .* "
     "and 2 more; repair or remove them"),
    (empty_file, r"cannot be read: train/cat/none.png \(it is empty\)"),
    (cut_short, r"1 file of .* cannot be read: test/owl/002.png \(it is cut short\)"),
    (class_in_test_alone, r"test has the classes bat \(did you mean cat\?\), of which train has"),
    (empty_class, "class folders of .* have no images: train/bat; fill them, or remove them"),
    (one_class, "has the class cat alone, expected two or more"),
    (no_class, "train/loose.png of .* is in no class folder; expected PATH/CLASS"),
    (other_folder, "has the folders extra beside test, train; move them away, or into train"),
    (only_test, "has the folders test, expected train as well"),
    (lambda folder: add(folder / "a/readme.txt", b"").parent, r"has no images \(1 other file\)"),
    (link_out, "contains symbolic links: .*train/cat/link.png; put the files in their place"),
    (folder_link_out, "contains symbolic links: .*train/bat; put the files in their place"),
    (circular_link, "contains symbolic links: .*train/cat/again; put the files in their place"),
    (broken_link, "contains symbolic links: .*train/cat/gone.png; put the files in their place"),
    (link_inside, "contains symbolic links: .*train/twin; put the files in their place"),
    (fifo_inside, "pipe.png is neither a file nor a folder; remove it"),
    (fifo, "pipe is neither a folder nor a file, expected a folder of images"),
    (lambda folder: Path("/dev/zero"), "is neither a folder nor a file"),
    (lambda folder: folder / "nothing", "nothing does not exist; give a folder of images, or an"),
    (lambda folder: add(folder / "a.csv", b"1,2"), "is a file, expected a folder of images, or a"),
    (leading_out("../out.png"), r"lead out of it: \.\./out.png; make the archive anew"),
    (leading_out("/etc/out.png"), "lead out of it: /etc/out.png"),
    (leading_out("a\\..\\..\\out.png"), "lead out of it: "),
    (leading_out("C:/out.png"), "lead out of it: C:/out.png"),
    (zip_with_link, "contains links or devices: a/link.png; make the archive anew"),
    (zip_twice, "contains files twice: a/0.png; make it anew"),
    (zip_bomb, "would unpack to implausible sizes: a/bomb.png; extract it"),
    (zip_cut, r"cannot be read \(.*\); copy or download it again"),
    (zip_with_changed_byte, "cannot be read"),
    (tar_with(tarfile.SYMTYPE), "contains links or devices: a/strange.png"),
    (tar_with(tarfile.LNKTYPE), "contains links or devices: a/strange.png"),
    (tar_with(tarfile.CHRTYPE), "contains links or devices: a/strange.png"),
    (tar_out, r"lead out of it: \.\./a.png"),
    (tar_bomb, "implausible size"),
    (image_bomb, r"train/cat/huge.png \(it has more than \d+ pixels, expected fewer; OPENCV_IO"),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(IMAGES)))
def test_images_that_cannot_be_used(
    case: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_stores, "LARGEST", 4 << 20)  # so that small bombs are large enough
    monkeypatch.setattr(image_stores, "_ALWAYS", 2 << 20)
    make, sentence = IMAGES[case]
    path = make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RequestError, match=sentence) as raised:
        ImageFolder(str(path)).read(tmp_path / "sets")
    assert len(raised.value.problems) == 1
    assert raised.value.problems[0].where == "data.path"
    left = set(tmp_path.rglob("*")) - set(before)
    assert all(".darnax-cache" in str(path) or path.name == "sets" for path in left)
    assert not [path for path in left if path.suffix in (".npy", ".png")]


@pytest.mark.parametrize("settings", [{"colour": "blue"}, {"resize": [3]}, {"resize": [0, 3]}])
def test_settings_of_images_that_have_no_meaning(settings: dict[str, object]) -> None:
    with pytest.raises(RequestError, match=rf"data\.{next(iter(settings))}: got .*expected"):
        ImageFolder("photos", **settings)


def test_a_small_file_with_many_pixels_is_not_decoded(tmp_path: Path) -> None:
    """In a process of its own: OpenCV reads the limit when it is imported, here before darnax."""
    for label in "ab":
        add(tmp_path / f"photos/{label}/1.png", png(np.zeros((9000, 9000), np.uint8)))
    code = f"from darnax.local_data import ImageFolder; ImageFolder({str(tmp_path / 'photos')!r})"
    command = [sys.executable, "-c", f"{code}.open()"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"it has more than {2**26} pixels" in found.stderr
    assert "OPENCV_IO_MAX_IMAGE_PIXELS=N raises the limit" in found.stderr


def test_of_images_of_other_shapes_nothing_is_kept() -> None:
    """Oracle: an array without strides has one element in memory."""
    assert any(decode_or_explain(IMAGE, Form(), (4, 4, 1)).strides)
    assert not any(decode_or_explain(IMAGE, Form(), (5, 5, 1)).strides)


def test_images_that_do_not_fit_on_the_disk_are_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = photos(tmp_path)
    full = shutil.disk_usage(root)._replace(free=400)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    sentence = r"the inputs of test have 486 bytes .* expected at most 400, free in .*data\.resize"
    with pytest.raises(RequestError, match=sentence):
        ImageFolder(str(root)).read(tmp_path / "sets")
    assert not list(root.rglob("*.npy"))


class Exploding:
    """An object whose unpickling would be noticed."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("it was unpickled",))


def npz(**arrays: object) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        np.savez(folder / "my.npz", **{name: np.asarray(value) for name, value in arrays.items()})
        return folder / "my.npz"

    return make


def npy_folder(**arrays: object) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        for name, value in arrays.items():
            np.save(folder / f"{name}.npy", np.asarray(value))
        return folder

    return make


def npz_bomb(folder: Path) -> Path:
    np.savez_compressed(folder / "my.npz", x=np.zeros((4096, 1000), np.uint8), y=[0, 1])
    return folder / "my.npz"


def huge_header(folder: Path) -> Path:
    np.save(folder / "x.npy", np.zeros(3))
    np.save(folder / "y.npy", np.arange(3))
    content = (folder / "x.npy").read_bytes().replace(b"(3,), }          ", b"(3000000000000,),}")
    (folder / "x.npy").write_bytes(content)
    return folder


X, Y = np.zeros((4, 3)), [0, 1, 0, 1]
ARRAYS: list[tuple[Callable[[Path], Path], str]] = [
    (npz(x=X), "there is no y_train, expected x_train, y_train"),
    (npz(x_train=X, y_train=Y, x_test=X), "there is no y_test, expected"),
    (npz(x_test=X, y_test=Y), "there is no x_train and no y_train, expected x_train, y_train, x"),
    (npz_bomb, "would unpack to .* bytes, expected at most 200 times its own size; .*numpy.savez"),
    (npz(x=X, y=Y, weights=X), "got arrays called weights, expected x_train"),
    (npz(x=X, x_train=X, y=Y), "got arrays called x_train, expected"),
    (npz(x=X, y=Y[:2]), "train has 4 inputs and 2 targets, expected as many"),
    (npz(x=np.zeros((0, 3)), y=[]), "train has 0 inputs and 0 targets"),
    (npz(x=[[1.0, np.nan], [1, 2]], y=[0, 1]), r"got NaN or infinite numbers in 1 input of train "
     r"\(the first is 0\)"),
    (npz(x=[[1e300, 0], [1, 2]], y=[0, 1]), "too large for float32; rescale them"),
    (npz(x=[["a"], ["b"]], y=[0, 1]), "the inputs of train are <U1, expected numbers"),
    (npz(x=[[1j], [2]], y=[0, 1]), "the inputs of train are complex128, expected numbers"),
    (npz(x=X, y=[0, 1, np.nan, 1]), "targets of train: 1 NaN or infinite"),
    (npz(x_train=X, y_train=Y, x_test=X, y_test=[0, 1, 2, 1]), "test has the classes 2, of which "
     "train has no example"),
    (npz(x_train=X, y_train=Y, x_test=np.zeros((4, 2)), y_test=Y), r"shape \[3\] in train, \[2\] "
     "in test, expected one shape"),
    (npz(x=[[Exploding()]], y=[0]), "contains pickled objects, which are not read"),
    (npy_folder(x=[[Exploding()]], y=[0]), "contains pickled objects, which are not read"),
    (npy_folder(), "has no .npy file, expected x_train"),
    (huge_header, "is damaged"),
    (lambda folder: add(folder / "a.npz", pickle.dumps(Exploding())), "is not an npz file"),
    (lambda folder: add(folder / "x.npy", b"").parent, "is not an npy file; save it"),
    (lambda folder: add(folder / "other.npy", b""), "has no targets beside it; call the two x.npy"),
    (lambda folder: add(folder / "photo.png", IMAGE), "is not an npz file; save one with x_train"),
    (lambda folder: folder / "nothing.npz", "nothing.npz does not exist"),
    (fifo, r"cannot be read \(is not a regular file\)"),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(ARRAYS)))
def test_arrays_that_cannot_be_used(
    case: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_files, "_ALWAYS", 1 << 20)  # so that a small bomb is large enough
    make, sentence = ARRAYS[case]
    with pytest.raises(RequestError, match=sentence) as raised:
        ArrayFiles(str(make(tmp_path))).read(tmp_path)
    assert len(raised.value.problems) == 1


TABLES = [
    ("a,b,t\n1,x,0\n2,y,1\n", {}, r"data.columns: .* without numbers: b \(text\); turn them"),
    ("a,t\n1,0\n,1\n", {}, r"columns with missing values: a \(1\); fill them"),
    ("a,t\n1,0\n2,1\n", {"target": "tt"}, "data.target: got 'tt', expected a column .* mean t"),
    ("a,t\n1,0\n2,1\n", {"columns": ["b"]}, "data.columns: got 'b', expected a column"),
    ("a,t\n1,0\n2,1\n", {"columns": ["t"]}, "data.columns: got 'the target alone'"),
    ("a,a,t\n1,2,0\n", {}, "has two columns called a; rename one"),
    ("a,t\n", {}, "has no rows, expected some"),
    ("a,t\n1,cat\n2,\n3, \n", {}, r"columns with missing values: t \(2\); fill them"),
    ("a,t\n1,0\n2\n", {}, "is not a table that can be read"),
    ("", {}, "is not a table that can be read"),
    ("a,t\n1,inf\n2,1\n", {}, "targets of train: 1 NaN or infinite"),
    ("a,t\n1,0\n", {"target": None}, "data.target: got null, expected the column .*are a, t"),
    ("a;t\n1,5;0\n", {}, "data.path: .* separated by semicolons, expected commas; save it with"),
    ("a\tt\n1\t0\n", {}, "separated by tabs, expected commas; give it the ending .tsv"),
]


@pytest.mark.parametrize(("text", "settings", "sentence"), TABLES)
def test_tables_that_cannot_be_used(
    text: str, settings: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    path = add(tmp_path / "my.csv", text.encode())
    with pytest.raises(RequestError, match=sentence) as raised:
        Table(str(path), **{"target": "t", **settings}).read(tmp_path)
    assert len(raised.value.problems) == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("my.xlsx", "has the ending '.xlsx', expected .csv, .tsv, .txt, .parquet, .pq"),
        ("my.parquet", "is not a table that can be read"),
        ("nothing.csv", "data.path: .*nothing.csv does not exist"),
    ],
)
def test_files_that_are_no_tables(name: str, sentence: str, tmp_path: Path) -> None:
    if not name.startswith("nothing"):
        add(tmp_path / name, b"PK\x03\x04")
    with pytest.raises(RequestError, match=sentence):
        Table(str(tmp_path / name), target="t").read(tmp_path)


@pytest.mark.parametrize(
    ("library", "read", "sentence"),
    [
        ("pyarrow", lambda: Table("my.csv", target="t").read(Path()), r"\[tables\]"),
        ("sklearn", lambda: ScikitLearn("iris").read(Path()), r"\[sklearn\]"),
    ],
)
def test_a_missing_library_is_named(
    library: str, read: Callable[[], object], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, library, None)
    with pytest.raises(RequestError, match=sentence):
        read()


def test_there_is_no_other_set_of_scikit_learn() -> None:
    with pytest.raises(RequestError, match=r"data\.name: got 'moons', expected digits, iris"):
        ScikitLearn("moons")


@pytest.mark.parametrize("data", [(1, 2, 3), 7, {"x": X}, "photos", (X, object())])
def test_python_objects_that_are_no_arrays(data: object) -> None:
    with pytest.raises(RequestError, match=r"data: .*expected"):
        examples_from_arrays("data", pairs_from_tuple(data), where="data")


def test_several_problems_are_reported_at_once() -> None:
    images, labels = bars(6)
    with pytest.raises(RequestError) as raised:
        examples_from_arrays("data", {"train": (images, labels[:5]), "test": (images, labels[:4])})
    assert len(raised.value.problems) == 2
