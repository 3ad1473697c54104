"""`darnax.cite`: the literature of a run, as BibTeX."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from darnax.api.arguments import require_names, require_path
from darnax.api.finding import find_folder
from darnax.composing.trust import require_granted, split_trust
from darnax.errors import Problem, RequestError
from darnax.runner.run_folder import RunFolder


class Citation:
    """The references of a run; prints as a BibTeX file.

    Args:
        entries: BibTeX entry -> the parts of the run that use it.
        uncited: the parts without a reference that should have one.
    """

    def __init__(self, entries: Mapping[str, list[str]], uncited: list[str]) -> None:
        self.entries, self.uncited = entries, uncited

    @property
    def lines(self) -> list[str]:
        """The lines of a BibTeX file; a comment before each entry names what uses it."""
        found = []
        for entry, users in self.entries.items():
            found += [f"% {', '.join(users)}", *entry.split("\n"), ""]
        return found + [f"% without a reference: {what}" for what in self.uncited]

    def __repr__(self) -> str:
        return "\n".join(self.lines)


def cite(run: Any, *, trust: Iterable[str] = ()) -> Citation:
    """Return the references of the model, the rules, the optimisers and the data of a run.

    They come from the docstrings, also those of one's own rules.

    Args:
        run: a run, its folder, or its id in `outputs`.
        trust: packages whose code its configuration may name, besides darnax and Optax.

    Raises:
        RequestError: there is no such run, or it needs a package not in `trust`.

    Example:
        >>> import darnax
        >>> run = darnax.train("+experiment=associations", "tracking=local", "runner.epochs=1")
        >>> "@" in str(darnax.cite(run))
        True
    """
    from darnax.builder import build
    from darnax.builder.bibliography import bibliography
    from darnax.data import describe

    given = require_path(getattr(run, "folder", run), "run", "a run, its folder or its id")
    folder = find_folder(given)
    config = RunFolder.open(folder).config()
    trusted = getattr(run, "trusted", frozenset()) | set(require_names(trust, "trust"))
    require_granted(config, trusted)
    build(config, existing=True)
    if config["data"].get("source") is None:
        citation = describe(config["data"]["name"], config["paths"]["data"]).citation
    else:
        citation = cite_source(config)
    found = bibliography(config, citation)
    return Citation(found.entries, found.silent)


def cite_source(config: Mapping[str, Any]) -> str:
    """Return the references of data that a source reads; "" if its docstring alone has some."""
    from darnax.laboratory.data_filling import make_source
    from darnax.local_data import TensorFlowDatasets

    source = make_source(config)
    if isinstance(source, TensorFlowDatasets):
        return source.citation(Path(config["paths"]["data"]))
    return ""


def require_trust_only(overrides: Sequence[str]) -> frozenset[str]:
    """Return the packages that `trust=[…]` names on a command line without other overrides.

    Raises:
        RequestError: there is another override.
    """
    packages, rest = split_trust(overrides)
    if rest:
        what = "got an override, expected only trust=[…]: a run is read as it is; leave it out"
        raise RequestError(Problem(rest[0], what))
    return packages
