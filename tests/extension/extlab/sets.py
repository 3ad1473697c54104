"""A set of a user's own, as the documentation of TensorFlow Datasets describes it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

KINDS = ("cat", "dog", "owl")


def bar(index: int) -> tuple[np.ndarray, int]:
    """An image of one of two sizes, in which the third of rows of the class is bright."""
    kind = index % 3
    side = 9 if index % 2 else 12
    image = np.random.default_rng(index).integers(0, 60, (side, side, 1), dtype=np.uint8)
    third = side // 3
    image[kind * third : (kind + 1) * third] += 150
    return image, kind


class ExtBars(tfds.core.GeneratorBasedBuilder):
    """Bars in three places."""

    VERSION = tfds.core.Version("1.2.0")
    BUILDER_CONFIGS = [  # noqa: RUF012
        tfds.core.BuilderConfig(name="small", description="180 examples"),
        tfds.core.BuilderConfig(name="tiny", description="30 examples"),
    ]

    def _info(self) -> Any:
        return tfds.core.DatasetInfo(
            builder=self,
            description="Bright bars.",
            features=tfds.features.FeaturesDict(
                {
                    "picture": tfds.features.Image(shape=(None, None, 1)),
                    "kind": tfds.features.ClassLabel(names=list(KINDS)),
                    "brightness": tfds.features.Scalar(np.float32),
                    "profile": tfds.features.Tensor(shape=(3,), dtype=np.float32),
                    "word": tfds.features.Text(),
                }
            ),
            supervised_keys=("picture", "kind"),
            citation="@misc{extbars, title = {Bars}, year = {2020}}",
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        count = 180 if self.builder_config.name == "small" else 30
        return {
            "train": self._generate_examples(0, count),
            "test": self._generate_examples(count, count + count // 3),
        }

    def _generate_examples(self, start: int, end: int) -> Iterator[tuple[int, dict[str, Any]]]:
        for index in range(start, end):
            picture, kind = bar(index)
            yield (
                index,
                {
                    "picture": picture,
                    "kind": kind,
                    "brightness": float(picture.mean()),
                    "profile": picture.reshape(3, -1).mean(axis=1).astype(np.float32),
                    "word": KINDS[kind].upper(),
                },
            )
