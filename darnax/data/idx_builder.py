"""Prepare a TFDS dataset from its IDX archives with neither TensorFlow nor the network.

The result has the name, version and features of the registered builder, so
`tfds.data_source(name)` reads it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from darnax.data.archives import PREFIXES, read_archives
from darnax.data.progress import Progress

_PROGRESS_EVERY = 1000


def idx_builder(name: str, archives: Path, data_dir: Path, progress: Progress) -> Any:
    """Return the registered builder of `name`, with its examples read from `archives`."""
    import tensorflow_datasets as tfds

    base = tfds.builder_cls(name)

    def generate(_: Any, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        images, labels = read_archives(archives, split)
        for index, (image, label) in enumerate(zip(images, labels, strict=True)):
            if index % _PROGRESS_EVERY == 0:
                progress(f"prepare {name} {split}", index, len(labels))
            yield index, {"image": _encode_png(image), "label": label}
        progress(f"prepare {name} {split}", len(labels), len(labels))

    def split_generators(self: Any, dl_manager: Any) -> dict[str, Any]:
        del dl_manager
        return {split: generate(self, split) for split in PREFIXES}

    # TFDS derives name and citation from the class and from its `__module__`.
    body = {
        "name": base.name,
        "__module__": base.__module__,
        "_split_generators": split_generators,
        "_generate_examples": generate,
    }
    # These two would print the scratch folder as the location of the set.
    body |= {"_log_download_bytes": _log_nothing, "_log_download_done": _log_nothing}
    with tfds.core.registered.skip_registration():
        builder = type(base.__name__, (base,), body)
    return builder(data_dir=str(data_dir), file_format="array_record")


def _log_nothing(_: Any) -> None:
    pass


def _encode_png(image: np.ndarray) -> bytes:
    # Given the array itself, TFDS would import TensorFlow to encode it.
    import cv2

    return bytes(cv2.imencode(".png", image)[1])
