"""Predicts the classes of new inputs in files: images, or an npy file of arrays."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darnax.api.arguments import require_path
from darnax.api.model import Model
from darnax.api.table import TextTable
from darnax.atomic import write_atomically
from darnax.data.labels import Classes
from darnax.errors import Problem, RequestError, explain_unreadable, writing_file
from darnax.files import read_bytes
from darnax.local_data.array_files import load_npy
from darnax.local_data.image_decoding import Form, read_form

WHERE = "FILE"  # the argument of the command
TABLES = (".csv", ".tsv", ".parquet", ".npz", ".npy")
NO_IMAGE = "no image; for rows or arrays give one npy file, or use `run.predict` in Python"
RESIZE = "resize it to the size of the training images, or train with data.resize=[HEIGHT,WIDTH]"
HEAD = ("input", "class", "score", "next class", "score")


@dataclass(frozen=True, repr=False)
class Predictions:
    """The classes that a network gives to inputs.

    Args:
        inputs: names of the inputs.
        scores: the readout's scores (N, C); the class with the largest is predicted.
        class_names: in the order of the scores.
    """

    inputs: Sequence[str]
    scores: NDArray[np.float32]
    class_names: Sequence[str]

    @property
    def classes(self) -> list[str]:
        """The predicted class of every input."""
        return [self.class_names[number] for number in self.scores.argmax(axis=1)]

    @property
    def table(self) -> TextTable:
        """One row for each input: the class with the largest score, and the next one."""
        rows = []
        for name, scores in zip(self.inputs, self.scores, strict=True):
            first, second = np.argsort(-scores, kind="stable")[:2]
            cells = [name]
            for number in (first, second):
                cells += [self.class_names[number], f"{scores[number]:.3f}"]
            rows.append(tuple(cells))
        return TextTable(HEAD, rows)

    def to_csv(self, path: str | Path) -> Path:
        """Write input, class and the scores of all classes as CSV; return the path.

        Raises:
            RequestError: the file cannot be written.
        """
        file, text = require_path(path, "path"), StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["input", "class", *self.class_names])
        for name, label, scores in zip(self.inputs, self.classes, self.scores, strict=True):
            writer.writerow([name, label, *map(str, scores)])
        with writing_file(file):
            write_atomically(file, text.getvalue())
        return file

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def predict_files(model: Model, files: Sequence[Path]) -> Predictions:
    """Return the predicted classes of inputs in files.

    Args:
        model: the network.
        files: images, or one npy file of raw inputs (N, *raw).

    Raises:
        RequestError: the targets of the network are no classes, or a file cannot be read or does
            not fit.
    """
    names = require_classes(model)
    if not files:
        raise RequestError(Problem(WHERE, "got none, expected images, or one npy file"))
    if len(files) == 1 and files[0].suffix == ".npy":
        raw = np.asarray(load_npy(files[0], WHERE))
        inputs = [str(number) for number in range(len(raw) if raw.ndim else 0)]
        raw = model.require_fitting(raw, f"{WHERE} {files[0]}")
    else:
        inputs = [str(file) for file in files]
        raw = read_images(model, files)
    return Predictions(inputs, model.score_fitting(raw), names)


def require_classes(model: Model) -> list[str]:
    """Return the names of the classes; raise RequestError where the targets are no classes."""
    data = model.config["data"]
    if not isinstance(model.experiment.data.labels, Classes):
        what = "its targets are no classes; use `run.predict` in Python, or `darnax recall`"
        raise RequestError(f"{model.origin}: {what}")
    return list(map(str, data.get("class_names") or range(data["classes"])))


def read_images(model: Model, files: Sequence[Path]) -> NDArray[np.uint8]:
    """Return images (N, height, width, channels) of the size that the network takes.

    They are resized, and read as grey or in colour, as the images of training were.
    """
    data = model.config["data"]
    form = read_form(data.get("colour"), data.get("resize"))
    if form.colour is not None:
        return require_fitting_images(model, files, form)
    likely, other = ("rgb", "grey") if model.experiment.data.shape[-1] == 3 else ("grey", "rgb")
    try:
        return require_fitting_images(model, files, Form(likely, form.resize))
    except RequestError as error:
        try:  # the encoding may change the number of channels
            return require_fitting_images(model, files, Form(other, form.resize))
        except RequestError:
            raise error from None


def require_fitting_images(model: Model, files: Sequence[Path], form: Form) -> NDArray[np.uint8]:
    """Return decoded images; raise RequestError with every file that does not fit."""
    images: list[Any] = []
    problems = []
    for file in files:
        if file.is_dir():
            problems.append(Problem(WHERE, f"{file} is a folder; give its files, as in {file}/*"))
            continue
        if file.suffix.lower() in TABLES:
            problems.append(Problem(WHERE, f"{file} is {NO_IMAGE}"))
            continue
        try:
            image = form.decode(read_bytes(file))
            model.require_fitting(image[None], str(file))
            images.append(image)
        except OSError as error:
            problems.append(Problem(WHERE, explain_unreadable(file, error)))
        except RequestError as error:
            problems.append(Problem(WHERE, f"{error}; {RESIZE}"))
        except ValueError as error:
            problems.append(Problem(WHERE, f"{file}: {error}"))
    if problems:
        raise RequestError(*problems)
    return np.stack(images)
