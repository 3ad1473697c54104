"""`darnax list`: the experiments that can be trained."""

from darnax.cli import tables
from darnax.composing import config_folders


def list_experiments() -> None:
    """List the experiments: yours in ./configs/experiment and the ones that come with darnax.

    Every name is a file of differences from the default configuration, described by its first line:

        darnax list

        darnax train +experiment=<name>
    """
    tables.show(("experiment", "what it is"), config_folders.list_experiments().items())
