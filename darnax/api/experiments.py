"""`darnax.experiments`: the experiments that can be trained."""

from darnax.composing import config_folders


def experiments() -> dict[str, str]:
    """Return the description of every experiment, by its name, as `darnax list` prints it.

    They are files of overrides: one's own in ./configs/experiment, and those that come with darnax.

    Example:
        >>> import darnax
        >>> "associations" in darnax.experiments()
        True
    """
    return config_folders.list_experiments()
