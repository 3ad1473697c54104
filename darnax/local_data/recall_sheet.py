"""A picture of recall: for every cue a row with the cue, the steps, and the memory."""

from math import isqrt

import numpy as np

from darnax.local_data.contact_sheet import COLUMNS, ROWS, as_images, as_tile

_GAP = 4
_WIDE = 16  # pixels around the steps


def draw_recall(cue: np.ndarray, trajectory: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return a picture (height, width, 3) uint8 of the first cues.

    Between cue and memory are the states after as many steps as fit, from the first on; a row ends
    with the step that is its memory.

    Args:
        cue: (N, *size).
        trajectory: at the start and after each step, (T + 1, N, *size).
        steps: until the state of each cue was final, (N,).
    """
    rows = []
    for n in range(min(len(cue), ROWS)):
        times = list(range(1, min(int(steps[n]), COLUMNS) + 1))
        shown = [cue[n], *trajectory[times, n], trajectory[-1, n]]
        images = as_images(fold(np.stack(shown)), np.arange(len(shown)))
        rows.append([as_tile(image) for image in images])
    height, width = rows[0][0].shape[:2]
    columns = max(len(row) for row in rows)
    full = columns * (width + _GAP) + 2 * _WIDE
    sheet = np.full((len(rows) * (height + _GAP) + _GAP, full, 3), 255, np.uint8)
    for position, row in enumerate(rows):
        top = _GAP + position * (height + _GAP)
        for column, image in enumerate(row):
            is_memory = column == len(row) - 1
            place = columns - 1 if is_memory else column
            left = _GAP + place * (width + _GAP) + _WIDE * (bool(column) + is_memory)
            left = min(left, full - width - _GAP)
            sheet[top : top + height, left : left + width] = image
    return sheet


def fold(inputs: np.ndarray) -> np.ndarray:
    """Return vectors as square images where they have a square number of entries."""
    if inputs.ndim != 2:
        return inputs
    side = isqrt(inputs.shape[1])
    shape = (side, side) if side * side == inputs.shape[1] else (1, inputs.shape[1])
    return inputs.reshape(len(inputs), *shape)
