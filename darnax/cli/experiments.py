"""`darnax list`: the experiments that can be trained."""

from darnax.api.experiments import experiments
from darnax.cli import tables


def list_experiments() -> None:
    """List the experiments: yours in ./configs/experiment and those that come with darnax.

    An experiment is a file of overrides of the default configuration; its first line describes it:

        darnax list

        darnax train +experiment=<name>
    """
    tables.show(("experiment", "description"), experiments().items())
