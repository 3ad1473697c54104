"""`darnax cite`: the literature of a run, as BibTeX."""

from darnax.cli import tables
from darnax.cli.options import Debug, Overrides, Run
from darnax.composing import trust
from darnax.errors import Problem, RequestError


def cite(run: Run, overrides: Overrides = None, debug: Debug = False) -> None:
    """Print the references of the model, the rules, the optimisers and the data of a run.

    They come from the docstrings, also those of your own rules; a comment names what uses an entry.

        darnax cite outputs/mnist_chain/<time>-<id> > references.bib
    """
    packages, rest = trust.split_trust(overrides or [])
    if rest:
        what = "got an override, expected only trust=[…]: a run is cited as it is; leave it out"
        raise RequestError(Problem(rest[0], what))
    from darnax.builder import build
    from darnax.builder.bibliography import bibliography
    from darnax.data import describe
    from darnax.runner.run_folder import RunFolder

    config = RunFolder.open(run).config()
    trust.require_granted(config, packages)
    build(config, existing=True)
    if config["data"].get("source") is None:
        citation = describe(config["data"]["name"], config["paths"]["data"]).citation
    else:
        citation = ""  # a source of one's own is cited by its docstring alone
    found = bibliography(config, citation)
    for entry, users in found.entries.items():
        tables.echo(f"% {', '.join(users)}", *entry.split("\n"), "")
    for what in found.silent:
        tables.echo(f"% without a reference: {what}")
