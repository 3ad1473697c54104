"""Data of one's own: images in folders, arrays, tables, and sets of scikit-learn and TFDS.

Names are imported on first access, so that no library is loaded that is not needed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from darnax.local_data.array_files import ArrayFiles, GivenArrays
    from darnax.local_data.examples import (
        Examples,
        LocalSource,
        divide_examples,
        stream_if_larger,
    )
    from darnax.local_data.image_folder import ImageFolder
    from darnax.local_data.scikit_learn import ScikitLearn
    from darnax.local_data.table import Table
    from darnax.local_data.tensorflow_datasets import TensorFlowDatasets

_MODULE_OF = {
    "ArrayFiles": "array_files",
    "Examples": "examples",
    "GivenArrays": "array_files",
    "ImageFolder": "image_folder",
    "LocalSource": "examples",
    "ScikitLearn": "scikit_learn",
    "Table": "table",
    "TensorFlowDatasets": "tensorflow_datasets",
    "divide_examples": "examples",
    "stream_if_larger": "examples",
}

__all__ = [
    "ArrayFiles",
    "Examples",
    "GivenArrays",
    "ImageFolder",
    "LocalSource",
    "ScikitLearn",
    "Table",
    "TensorFlowDatasets",
    "divide_examples",
    "stream_if_larger",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
