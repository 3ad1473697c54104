"""Images and other values in the records of a prepared set, as a store of files."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from darnax.data.progress import Progress
from darnax.data.reader import Damaged, describe_damage
from darnax.data.set_features import Feature
from darnax.data.sources import Source
from darnax.errors import first_line
from darnax.local_data.image_decoding import (
    Form,
    explain_undecoded,
    require_whole,
    resize_image,
)
from darnax.local_data.image_listing import Contents
from darnax.local_data.image_stores import Block, Content, Store
from darnax.printing import count_of

_BLOCK = 128


@dataclass(frozen=True)
class FeatureForm(Form):
    """What is made of an image of a set: as TFDS decodes it, then in other colours or another size.

    Args:
        decode_feature: TFDS's decoder.
    """

    decode_feature: Callable[[bytes], np.ndarray] | None = None

    def decode(self, content: bytes) -> np.ndarray:
        assert self.decode_feature is not None
        require_whole(content)
        try:
            image = self.decode_feature(content)
        except Exception as error:  # TFDS and OpenCV raise no common type
            raise ValueError(explain_undecoded(error)) from error
        image = resize_image(convert_colour(image, self.colour), self.resize)
        return image[..., None] if image.ndim == 2 else image


def convert_colour(image: np.ndarray, colour: str | None) -> np.ndarray:
    """Return an image (height, width, 1, 3 or 4) in grey or RGB, without transparency."""
    import cv2

    channels = image.shape[-1]
    if colour is None or (colour, channels) in (("grey", 1), ("rgb", 3)):
        return image
    if channels == 1:
        return np.repeat(image, 3, axis=-1)
    image = np.ascontiguousarray(image[..., :3])
    return image if colour == "rgb" else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


class RecordStore(Store):
    """The records of some splits of a prepared set; a name is `split/number`."""

    def __init__(self, source: Source, splits: Sequence[str], feature: Feature) -> None:
        super().__init__(source.folder)
        self.title = source.name
        self.source, self.splits, self.feature = source, splits, feature

    def signature(self) -> str:
        parts = []
        for path in sorted(self.path.iterdir()):
            if path.is_file():
                info = path.stat()
                parts.append(f"{path.name} {info.st_size} {info.st_mtime_ns}")
        return "\n".join(parts)

    def list_contents(self) -> Contents:
        return Contents([], [])

    @cached_property
    def records(self) -> dict[str, Any]:
        """Split -> its records, by number."""
        return {split: self.source.records(split) for split in self.splits}

    def count(self, split: str) -> int:
        """Return the number of examples of a split.

        Raises:
            Damaged: the files have another number than the description.
        """
        found, expected = len(self.records[split]), self.source.count(split)
        if found != expected:
            raise self._damaged(split, f"holds {count_of(found, 'example')}, expected {expected}")
        return found

    def names(self, split: str) -> list[str]:
        """Return the names of the records of a split, in their order."""
        return [f"{split}/{number}" for number in range(self.count(split))]

    def read(self, split: str, numbers: Sequence[int]) -> list[bytes]:
        """Return records.

        Raises:
            Damaged: one does not have its checksum.
        """
        try:
            return list(self.records[split].__getitems__(numbers))
        except Exception as error:  # the record readers raise no common type
            raise self._damaged(split, f"cannot be read ({first_line(error)})") from error

    def _damaged(self, split: str, what: str) -> Damaged:
        return describe_damage(f"{split} of {self.path} {what}")

    def blocks(self, names: Sequence[str]) -> Iterator[Block]:
        places: dict[str, list[int]] = {}
        for name in names:
            split, _, number = name.rpartition("/")
            places.setdefault(split, []).append(int(number))
        for split, numbers in places.items():
            for start in range(0, len(numbers), _BLOCK):
                some = numbers[start : start + _BLOCK]
                yield [f"{split}/{number}" for number in some], self._loader(split, some)

    def _loader(self, split: str, numbers: Sequence[int]) -> Callable[[], list[Content]]:
        return lambda: [self._content(record) for record in self.read(split, numbers)]

    def _content(self, record: bytes) -> Content:
        try:
            return self.feature.content(record)
        except Exception as error:  # TFDS raises no common type
            return f"it has no {self.feature.name} ({first_line(error)})"

    def values(self, split: str, feature: Feature, progress: Progress) -> np.ndarray:
        """Return a feature of all records of a split, which is no image.

        Raises:
            Damaged: a record cannot be read.
        """
        total, found = self.count(split), []
        for start in range(0, total, _BLOCK):
            numbers = range(start, min(start + _BLOCK, total))
            for record in self.read(split, numbers):
                found.append(self._value(split, feature, record))
            progress(f"read {feature.name} of {split}", numbers.stop, total)
        return np.array(found) if found else np.empty((0,), feature.dtype)

    def _value(self, split: str, feature: Feature, record: bytes) -> Any:
        try:
            return feature.read(record)
        except Exception as error:  # TFDS raises no common type
            reason = f"has a record whose {feature.name} cannot be read ({first_line(error)})"
            raise self._damaged(split, reason) from error
