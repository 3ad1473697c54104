"""Encode images with OpenCV, where TensorFlow Datasets would import TensorFlow."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np


def encode_png(image: np.ndarray) -> bytes:
    """Return an image (height, width, 1, 3 or 4) of 8 or 16 bits, RGB or RGBA, as a PNG file."""
    return _encode(image, ".png")


def _encode(image: np.ndarray, suffix: str) -> bytes:
    import cv2

    channels = image.shape[-1]
    if channels == 3:
        image = image[..., ::-1]
    if channels == 4:
        image = image[..., [2, 1, 0, 3]]
    return bytes(cv2.imencode(suffix, np.ascontiguousarray(image))[1])


@contextmanager
def encode_without_tensorflow() -> Iterator[None]:
    """Let the image features of TFDS encode arrays with OpenCV, if TensorFlow is not installed.

    A builder may yield an image as an array, which TFDS encodes with TensorFlow alone.
    """
    from tensorflow_datasets.core.features import image_feature

    if find_spec("tensorflow") is not None:
        yield
        return
    encoder = image_feature._ImageEncoder
    original = encoder._encode_image
    check = image_feature._validate_np_array

    def encode_image(self: Any, image: np.ndarray) -> bytes:
        check(image, shape=self.shape, dtype=self.np_dtype)
        return _encode(image, ".jpg" if self.encoding_format == "jpeg" else ".png")

    encoder._encode_image = encode_image
    try:
        yield
    finally:
        encoder._encode_image = original
