"""`darnax cite`: the literature of a run, as BibTeX."""

from darnax.cli import tables
from darnax.cli.options import Debug, Overrides, Run


def cite(run: Run, overrides: Overrides = None, debug: Debug = False) -> None:
    """Print the references of the model, the rules, the optimisers and the data of a run.

    They come from the docstrings, also those of your own rules; a comment names what uses an entry.

        darnax cite outputs/mnist_chain/<time>-<id> > references.bib
    """
    from darnax.api.citation import cite as find_references
    from darnax.api.citation import require_trust_only

    lines = find_references(run, trust=require_trust_only(list(overrides or []))).lines
    if lines:
        tables.echo(*lines)
