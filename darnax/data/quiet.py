"""Keep TFDS from talking: darnax tells its own progress and its own errors."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back the bars and the warnings of TFDS, such as the one that a set is not prepared yet.

    TFDS logs through absl, which gives the root logger a handler for stderr where it has none: every later warning, of
    whatever origin, would be printed by it once more.
    """
    from tensorflow_datasets.core.utils import tqdm_utils

    silent = logging.NullHandler()
    logging.root.addHandler(silent)
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    tqdm_utils.display_progress_bar(False)
    try:
        yield
    finally:
        tqdm_utils.display_progress_bar(True)
        logger.setLevel(level)
        logging.root.removeHandler(silent)
