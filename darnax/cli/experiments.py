"""`darnax list`: the experiments that can be trained."""

from darnax.cli import tables
from darnax.composing import config_folders


def list_experiments() -> None:
    """List the experiments: yours in ./configs/experiment and those that come with darnax.

    An experiment is a file of overrides of the default configuration; its first line describes it:

        darnax list

        darnax train +experiment=<name>
    """
    tables.show(("experiment", "description"), config_folders.list_experiments().items())
