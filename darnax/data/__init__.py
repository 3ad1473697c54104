"""Datasets and synthetic tasks, as windows of raw examples on the device, and their encodings.

Names are imported on first access, so that listing datasets does not start JAX.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from darnax.data.arrays import dataset_from_arrays
    from darnax.data.associations import Associations
    from darnax.data.dataset import Dataset, DataSource, Split, Window
    from darnax.data.encodings import (
        Centre,
        Flatten,
        Pipeline,
        RandomProjection,
        Scale,
        Sign,
        Stage,
        Standardise,
        StandardiseColumns,
    )
    from darnax.data.labels import Classes, Labels, Patterns, Values
    from darnax.data.listing import Description, Row, catalogue, describe
    from darnax.data.opening import open_dataset
    from darnax.data.outline import Outline, is_streamed, outline_set, prepare_set, without_examples
    from darnax.data.preparing import prepare
    from darnax.data.resident import Resident
    from darnax.data.streamed import Streamed

# OpenCV, which decodes images, reads this limit when it is imported. Under its own default of
# 2**30 pixels, a small file can expand to gigabytes.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 26))

_MODULE_OF = {
    "Associations": "associations",
    "Centre": "encodings",
    "Classes": "labels",
    "DataSource": "dataset",
    "Dataset": "dataset",
    "Description": "listing",
    "Flatten": "encodings",
    "Labels": "labels",
    "Outline": "outline",
    "Patterns": "labels",
    "Pipeline": "encodings",
    "RandomProjection": "encodings",
    "Resident": "resident",
    "Row": "listing",
    "Scale": "encodings",
    "Sign": "encodings",
    "Split": "dataset",
    "Stage": "encodings",
    "Standardise": "encodings",
    "StandardiseColumns": "encodings",
    "Streamed": "streamed",
    "Values": "labels",
    "Window": "dataset",
    "catalogue": "listing",
    "dataset_from_arrays": "arrays",
    "describe": "listing",
    "is_streamed": "outline",
    "open_dataset": "opening",
    "outline_set": "outline",
    "prepare": "preparing",
    "prepare_set": "outline",
    "without_examples": "outline",
}

__all__ = [
    "Associations",
    "Centre",
    "Classes",
    "DataSource",
    "Dataset",
    "Description",
    "Flatten",
    "Labels",
    "Outline",
    "Patterns",
    "Pipeline",
    "RandomProjection",
    "Resident",
    "Row",
    "Scale",
    "Sign",
    "Split",
    "Stage",
    "Standardise",
    "StandardiseColumns",
    "Streamed",
    "Values",
    "Window",
    "catalogue",
    "dataset_from_arrays",
    "describe",
    "is_streamed",
    "open_dataset",
    "outline_set",
    "prepare",
    "prepare_set",
    "without_examples",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
