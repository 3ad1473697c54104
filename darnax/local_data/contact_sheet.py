"""A picture with some examples of every class, to see at a glance what a network is shown."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from darnax.errors import writing_file

COLUMNS = 12  # examples of a class
ROWS = 30  # classes
_SIDE = 48  # pixels of the longer side of a small image
_GAP = 4
_TEXT = 120  # pixels for the name of a class


def draw_sheet(inputs: np.ndarray, targets: np.ndarray, class_names: Sequence[str]) -> np.ndarray:
    """Return a picture (height, width, 3) uint8 with a row of examples for every class.

    Args:
        inputs: (n, *raw); images (H, W), (H, W, 1) or (H, W, 3), anything else as a strip of grey.
        targets: (n,) classes, or anything where there are no class names.
        class_names: one for each class, or none: then examples follow each other.
    """
    rows = []
    shapes = []
    for name, members in choose_examples(targets, class_names):
        tiles = [as_tile(image) for image in as_images(inputs, members)]
        rows.append((name, tiles))
        shapes += [tile.shape[:2] for tile in tiles]
    tile = max(shapes, default=(1, 1))
    text = _TEXT if class_names else 0
    height = len(rows) * (tile[0] + _GAP) + _GAP
    width = text + COLUMNS * (tile[1] + _GAP) + _GAP
    sheet = np.full((height, width, 3), 255, np.uint8)
    for row, (name, tiles) in enumerate(rows):
        top = _GAP + row * (tile[0] + _GAP)
        if text:
            _write(sheet, name, top + tile[0] // 2)
        for column, image in enumerate(tiles):
            left = text + _GAP + column * (tile[1] + _GAP)
            sheet[top : top + tile[0], left : left + tile[1]] = image
    return sheet


def choose_examples(
    targets: np.ndarray, class_names: Sequence[str]
) -> list[tuple[str, np.ndarray]]:
    """Return the name and the first examples of every class; without classes, rows of examples."""
    if not class_names:
        order = np.arange(min(len(targets), 5 * COLUMNS))
        return [("", order[i : i + COLUMNS]) for i in range(0, len(order), COLUMNS)]
    chosen = []
    for label, name in enumerate(class_names[:ROWS]):
        chosen.append((name, np.flatnonzero(targets == label)[:COLUMNS]))
    return chosen


def as_images(inputs: np.ndarray, members: np.ndarray) -> list[np.ndarray]:
    """Return examples as images (H, W, 3) uint8; numbers of other types span black to white."""
    some = np.asarray(inputs[members])
    if some.dtype != np.uint8 and some.size:
        # Each column of a table has a range of its own.
        low, high = _range(inputs, axis=0 if inputs.ndim == 2 else None)
        some = ((some - low) / np.where(high > low, high - low, 1) * 255).astype(np.uint8)
    images = []
    for image in some:
        is_grey = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 1)
        is_colour = image.ndim == 3 and image.shape[2] == 3
        if not is_grey and not is_colour:
            image = image.reshape(1, -1)
        grey = image.reshape(*image.shape[:2], -1)
        images.append(grey if is_colour else np.repeat(grey[..., :1], 3, axis=2))
    return images


def _range(inputs: np.ndarray, axis: int | None) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(inputs.min(axis=axis)), np.asarray(inputs.max(axis=axis))


def as_tile(image: np.ndarray) -> np.ndarray:
    """Return an image whose longer side has about 48 pixels; small pixels stay sharp."""
    import cv2

    height, width = image.shape[:2]
    factor = _SIDE / max(height, width)
    size = max(1, round(width * factor)), max(8, round(height * factor))
    method = cv2.INTER_NEAREST if factor >= 1 else cv2.INTER_AREA
    return cv2.resize(np.ascontiguousarray(image), size, interpolation=method)


def _write(sheet: np.ndarray, name: str, middle: int) -> None:
    import cv2

    text = name.encode("ascii", "replace").decode()[:16]
    font, black = cv2.FONT_HERSHEY_SIMPLEX, (0, 0, 0)
    cv2.putText(sheet, text, (_GAP, middle + 4), font, 0.4, black, 1, cv2.LINE_AA)


def write_sheet(path: Path, sheet: np.ndarray) -> None:
    """Write a picture as a PNG file.

    Raises:
        RequestError: the file cannot be written.
    """
    import cv2

    _, content = cv2.imencode(".png", np.ascontiguousarray(sheet[..., ::-1]))
    with writing_file(path):
        path.write_bytes(content.tobytes())
