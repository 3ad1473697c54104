"""What the page of a run shows besides its record: its network, and defaults of its settings."""

import re
from functools import cache
from pathlib import Path

from darnax.composing.trust import require_granted
from darnax.diagrams import picture
from darnax.errors import RequestError, first_line
from darnax.files import read_text
from darnax.laboratory.machine import compose_here
from darnax.reports import outline
from darnax.reports.configuration import Flat, flatten
from darnax.reports.run_page import Background
from darnax.runner.run_folder import RunFolder

EXPERIMENT = re.compile(r"^- ['\"]?\+?experiment=([\w./-]+)['\"]?$", re.MULTILINE)


@cache
def describe_background(folder: Path) -> Background:
    """Return the network and the defaults of a run; both may be unknown, of a foreign folder."""
    name = find_experiment(folder)
    wiring, note = draw_wiring(folder)
    defaults = compose_defaults(name) if name else None
    return Background(wiring, note, name, defaults)


def find_experiment(folder: Path) -> str:
    """Return the experiment that the command line of a run named; "" if there is none."""
    try:
        found = EXPERIMENT.search(read_text(folder / "overrides.yaml"))
    except (OSError, ValueError):
        return ""
    return found[1] if found else ""


def compose_defaults(name: str) -> Flat | None:
    """Return the configuration of an experiment without overrides; None if that fails."""
    try:
        return flatten(compose_here([f"+experiment={name}"], None).resolved)
    except RequestError:
        return None


def draw_wiring(folder: Path) -> tuple[str, str]:
    """Return the picture of the network of a run, and otherwise why there is none.

    A run of an older version has no network.json: then its network is built. Code of packages that
    the configuration names is not executed for that: it needs trust.
    """
    known = outline.read(folder / outline.FILE)
    if known is not None:
        return picture.svg(known), ""
    try:
        config = RunFolder.open(folder).config()
        require_granted(config, frozenset())
        from darnax.builder import describe

        return picture.svg(describe(config)), ""
    except RequestError as error:
        return "", f"The network is not drawn: {first_line(error)}"
