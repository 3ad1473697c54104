"""Reading records. Oracle: the example, as written by the features of TFDS."""

import io
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow_datasets as tfds

from darnax.data.sources import Source

RNG = np.random.default_rng(0)
INPUTS = {
    "grey": (tfds.features.Image(shape=(5, 4, 1)), RNG.integers(0, 256, (5, 4, 1), np.uint8)),
    "colour": (tfds.features.Image(shape=(5, 4, 3)), RNG.integers(0, 256, (5, 4, 3), np.uint8)),
    "numbers": (
        tfds.features.Tensor(shape=(6,), dtype=np.float32),
        RNG.normal(size=6).astype(np.float32),
    ),
}


def file(written: np.ndarray) -> Any:
    """Write an image as a file: arrays need TensorFlow; OpenCV expects reversed colours."""
    return io.BytesIO(cv2.imencode(".png", written[..., ::-1])[1]) if written.ndim == 3 else written


@pytest.mark.parametrize(("feature", "written"), INPUTS.values(), ids=INPUTS)
def test_a_record_is_read_as_it_was_written(
    feature: tfds.features.FeatureConnector, written: np.ndarray
) -> None:
    features = tfds.features.FeaturesDict(
        {"input": feature, "label": tfds.features.ClassLabel(num_classes=9)}
    )
    info = SimpleNamespace(features=features, supervised_keys=("input", "label"))
    record = features.serialize_example(
        features.encode_example({"input": file(written), "label": 7})
    )
    source = Source("synthetic", lambda: SimpleNamespace(info=info))
    decoded, label = source._make_decoder()(record)
    np.testing.assert_array_equal(decoded, written)
    assert label == 7
