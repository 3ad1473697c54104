"""Datasets and synthetic tasks, as windows of raw examples on the device, and their encodings.

Names are imported on first access, so that listing datasets does not start JAX.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from darnax.data.affine import Affine, Rotate
    from darnax.data.arrays import dataset_from_arrays
    from darnax.data.associations import Associations
    from darnax.data.dataset import Dataset, DataSource, Split, Window
    from darnax.data.disturbances import Crop, Flip, Noise, Occlude, Shift
    from darnax.data.encodings import (
        AppendConstant,
        Centre,
        Flatten,
        RandomProjection,
        Scale,
        Sign,
        Standardise,
        StandardiseColumns,
    )
    from darnax.data.fitted import StandardiseChannels, SubtractMean, Whiten
    from darnax.data.image_memories import ImageMemories
    from darnax.data.labels import Classes, CleanInputs, Labels, Patterns, Values
    from darnax.data.listing import Description, Row, catalogue, describe
    from darnax.data.memories import Memories
    from darnax.data.opening import open_dataset
    from darnax.data.outline import Outline, is_streamed, outline_set, prepare_set, without_examples
    from darnax.data.pipeline import Pipeline
    from darnax.data.preparing import prepare
    from darnax.data.resident import Resident
    from darnax.data.sequence import Sequence
    from darnax.data.stages import AnyStage, FittedStage, RandomStage, Stage, as_number
    from darnax.data.streamed import Streamed

# OpenCV, which decodes images, reads this limit when it is imported. Under its own default of
# 2**30 pixels, a small file can expand to gigabytes.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 26))

_MODULE_OF = {
    "Affine": "affine",
    "AnyStage": "stages",
    "AppendConstant": "encodings",
    "Associations": "associations",
    "Centre": "encodings",
    "Classes": "labels",
    "CleanInputs": "labels",
    "Crop": "disturbances",
    "DataSource": "dataset",
    "Dataset": "dataset",
    "Description": "listing",
    "FittedStage": "stages",
    "Flatten": "encodings",
    "Flip": "disturbances",
    "ImageMemories": "image_memories",
    "Labels": "labels",
    "Memories": "memories",
    "Noise": "disturbances",
    "Occlude": "disturbances",
    "Outline": "outline",
    "Patterns": "labels",
    "Pipeline": "pipeline",
    "RandomProjection": "encodings",
    "RandomStage": "stages",
    "Resident": "resident",
    "Rotate": "affine",
    "Row": "listing",
    "Scale": "encodings",
    "Sequence": "sequence",
    "Shift": "disturbances",
    "Sign": "encodings",
    "Split": "dataset",
    "Stage": "stages",
    "Standardise": "encodings",
    "StandardiseChannels": "fitted",
    "StandardiseColumns": "encodings",
    "Streamed": "streamed",
    "SubtractMean": "fitted",
    "Values": "labels",
    "Whiten": "fitted",
    "Window": "dataset",
    "as_number": "stages",
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
    "Affine",
    "AnyStage",
    "AppendConstant",
    "Associations",
    "Centre",
    "Classes",
    "CleanInputs",
    "Crop",
    "DataSource",
    "Dataset",
    "Description",
    "FittedStage",
    "Flatten",
    "Flip",
    "ImageMemories",
    "Labels",
    "Memories",
    "Noise",
    "Occlude",
    "Outline",
    "Patterns",
    "Pipeline",
    "RandomProjection",
    "RandomStage",
    "Resident",
    "Rotate",
    "Row",
    "Scale",
    "Sequence",
    "Shift",
    "Sign",
    "Split",
    "Stage",
    "Standardise",
    "StandardiseChannels",
    "StandardiseColumns",
    "Streamed",
    "SubtractMean",
    "Values",
    "Whiten",
    "Window",
    "as_number",
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
