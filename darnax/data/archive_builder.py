"""Prepare a set of TFDS from its archives with neither TensorFlow nor the network.

The result has the name, version and features of the registered builder, so
`tfds.data_source(name)` reads it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from darnax.data.archives import set_of
from darnax.data.cifar import LAYOUTS, read_cifar, read_class_names
from darnax.data.emnist import read_emnist
from darnax.data.idx import read_pair
from darnax.data.image_encoding import encode_png
from darnax.data.progress import Progress
from darnax.data.svhn import read_svhn

_PROGRESS_EVERY = 1000
_DIGITS_OF_IDS = {"cifar10": 5, "cifar100": 5, "svhn_cropped": 6}


def read_features(name: str, config: str, folder: Path, split: str) -> dict[str, np.ndarray]:
    """Return feature -> its values (n, …) in one split, in the order of the archives.

    Raises:
        RequestError: an archive is damaged, or another one.
    """
    if name in LAYOUTS:
        found = read_cifar(name, folder, split)
    elif name == "svhn_cropped":
        images, labels = read_svhn(folder, split)
        found = {"image": images, "label": labels}
    elif name == "emnist":
        images, labels = read_emnist(config, folder, split)
        found = {"image": images, "label": labels}
    else:
        images, labels = read_pair(folder, split)
        found = {"image": images, "label": labels}
    digits = _DIGITS_OF_IDS.get(name)
    if digits is not None:
        found["id"] = np.array([f"{split}_{i:0{digits}}" for i in range(len(found["image"]))])
    return found


def archive_builder(name: str, archives: Path, data_dir: Path, progress: Progress) -> Any:
    """Return the registered builder of `name`, with its examples read from `archives`."""
    import tensorflow_datasets as tfds

    own, _, version = name.partition(":")
    base = tfds.builder_cls(set_of(name))
    splits = ["train", "test"]
    if base.name == "svhn_cropped" and (archives / "extra_32x32.mat").is_file():
        splits.append("extra")

    def generate(self: Any, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        config = self.builder_config.name if self.builder_config else ""
        features = read_features(base.name, config, archives, split)
        total = len(features["image"])
        for index in range(total):
            if index % _PROGRESS_EVERY == 0:
                progress(f"prepare {name} {split}", index, total)
            example = {feature: values[index] for feature, values in features.items()}
            # Given the array itself, TFDS would import TensorFlow to encode it.
            yield index, example | {"image": encode_png(example["image"])}
        progress(f"prepare {name} {split}", total, total)

    def split_generators(self: Any, dl_manager: Any) -> dict[str, Any]:
        del dl_manager
        if base.name in LAYOUTS:
            for feature, names in read_class_names(base.name, archives).items():
                self.info.features[feature].names = names
        return {split: generate(self, split) for split in splits}

    # TFDS derives name and citation from the class and from its `__module__`.
    body = {
        "name": base.name,
        "__module__": base.__module__,
        "_split_generators": split_generators,
        "_generate_examples": generate,
    }
    with tfds.core.registered.skip_registration():
        builder = type(base.__name__, (base,), body)
    return builder(
        data_dir=str(data_dir),
        config=own.partition("/")[2] or None,
        version=version or None,
        file_format="array_record",
    )
