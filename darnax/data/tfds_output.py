"""Suppress the output of TFDS, and its retries: darnax reports its own progress and errors."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def suppress_output() -> Iterator[None]:
    """Suppress the progress bars and the warnings of TFDS, such as "dataset is not prepared".

    TFDS logs through absl, which adds a handler for stderr to the root logger if that has none.
    Every later warning, of any origin, would then be printed twice.
    """
    from tensorflow_datasets.core.utils import lazy_imports_utils, tqdm_utils

    # Where TensorFlow is not installed, TFDS prints that besides raising an exception.
    vars(lazy_imports_utils)["print"] = _print_nothing
    placeholder = logging.NullHandler()
    logging.root.addHandler(placeholder)
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    tqdm_utils.display_progress_bar(False)
    try:
        yield
    finally:
        tqdm_utils.display_progress_bar(True)
        vars(lazy_imports_utils).pop("print", None)
        logger.setLevel(level)
        logging.root.removeHandler(placeholder)


def _print_nothing(*_: object, **__: object) -> None:
    pass


@contextmanager
def download_once() -> Iterator[None]:
    """Let TFDS try each download once; it would try ten times more before it reports an error."""
    from tensorflow_datasets.core.download import downloader

    before = downloader.MAX_RETRIES
    downloader.MAX_RETRIES = 0
    try:
        yield
    finally:
        downloader.MAX_RETRIES = before
