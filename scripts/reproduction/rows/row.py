"""Rows and sections of the results page."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace

ACCURACY = "test/accuracy"
STORED = "train/accuracy"  # of a memory: the fraction of patterns that are fixed points
OPERATIONS = ("operations/dense", "operations/events")  # synaptic, of one inference

NOTEBOOK = "fork"  # a notebook of a public fork of the authors' code; test images
AUTHORS = "authors"  # the authors' own code and plots; validation images


@dataclass(frozen=True)
class Row:
    """One configuration.

    Args:
        what: the first cell of the row.
        overrides: as they are typed after `darnax train`, without the seed.
        reference: the number to reproduce.
        origin: of the reference.
        metrics: that are shown.
    """

    what: str
    overrides: str
    reference: str = ""
    origin: str = ""
    metrics: tuple[str, ...] = (ACCURACY,)

    @property
    def command(self) -> str:
        """The command, without the seed."""
        return shlex.join(f"darnax train {self.overrides}".split())


@dataclass(frozen=True)
class Section:
    """Rows of one table, with the text above it."""

    title: str
    text: str
    rows: tuple[Row, ...]
    heads: tuple[str, ...] = ("test accuracy",)


def trained_on_all(*rows: Row) -> tuple[Row, ...]:
    """Return the rows without a validation split: the networks are trained on all images."""
    return tuple(replace(row, overrides=f"{row.overrides} data.validation=0") for row in rows)


def add_overrides(networks: Mapping[str, str], more: str) -> dict[str, str]:
    """Return name -> overrides with more of them at the end."""
    return {name: f"{words} {more}" for name, words in networks.items()}


def name_rows(networks: Mapping[str, Mapping[str, str]]) -> tuple[Row, ...]:
    """Return a row for every network of every set of images: set -> network -> overrides."""
    rows = []
    for images, overrides_of in networks.items():
        rows += [Row(f"{images}: {what}", words) for what, words in overrides_of.items()]
    return tuple(rows)
