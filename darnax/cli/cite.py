"""`darnax cite`: the literature of a run, as BibTeX."""

from darnax.cli import tables
from darnax.cli.options import Debug, Overrides, Run
from darnax.composing import trust
from darnax.errors import Problem, RequestError


def cite(run: Run, overrides: Overrides = None, debug: Debug = False) -> None:
    """Print the references of exactly the model, the rules, the optimisers and the data that a run used.

    They come from the docstrings, those of your own rules included; a comment says who uses an entry.

        darnax cite outputs/mnist_chain/<time>-<id> > references.bib
    """
    packages, rest = trust.split_trust(overrides or [])
    if rest:
        raise RequestError(
            Problem(
                rest[0],
                "the literature is that of the run as it is; leave out everything but trust=[…]",
            )
        )
    from darnax.builder import build
    from darnax.builder.bibliography import bibliography
    from darnax.data import describe
    from darnax.runner.run_folder import RunFolder

    config = RunFolder.open(run).config()
    trust.require_granted(config, packages)
    build(config, existing=True)
    own = config["data"].get("source") is not None
    found = bibliography(
        config, "" if own else describe(config["data"]["name"], config["paths"]["data"]).citation
    )
    for entry, users in found.entries.items():
        tables.echo(f"% {', '.join(users)}", *entry.split("\n"), "")
    for what in found.silent:
        tables.echo(f"% without a reference: {what}")
