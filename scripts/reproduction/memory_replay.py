"""Measures how much of a sequence is replayed from its first frame: cycles and lists."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

import darnax
from reproduction.receipts import SEEDS, Run, read_runs, require_runs
from reproduction.rows.memory import LIST
from reproduction.spread import format_spread
from reproduction.trained import open_trained

Frames = Float[NDArray[Any], "frames *size"]
DRAWS = 50  # of what is disturbed in the first frame
FEATURES = "+experiment=sequence_features model.features=2000"
SEQUENCES = {
    "cycle, 1000 hidden units": "+experiment=sequence",
    "list, 1000 hidden units": f"+experiment=sequence {LIST}",
    "cycle, 2000 random features": FEATURES,
    "list, 2000 random features": f"{FEATURES} {LIST}",
    "list of digits, 2000 hidden units": f"+experiment=sequence_digits {LIST}",
}


class Replay(NamedTuple):
    """What comes of replays from disturbed first frames: means over them.

    Args:
        in_order: frames that are whole and in order, the longest stretch.
        due: the fraction of replays that end with the frame that is due.
        of_these: the longest stretch of these replays, nan without them.
    """

    in_order: float
    due: float
    of_these: float


def memory_replayed(outputs: Path) -> list[dict[str, Any]]:
    """Sequences replayed from a disturbed first frame: the number of exact frames in order.

    The networks of *Memory of random patterns and of sequences* and of *Memory of digits*. 50 times
    10 % of the entries of the first frame are flipped, or a fifth of its pixels is unknown; then
    come L + 20 steps. *In order* is the longest stretch of frames in order, all entries right: at
    most L − 1 in a list, whose first frame is given, and L + 20 in a cycle. *Due at the end* is the
    fraction of replays that end with the frame that is due, which in a list is the last one, 21
    steps after it was reached, and *of these* the longest stretch of these replays alone. Mean ±
    standard deviation over three seeds.
    """
    found = read_runs(outputs)
    rows = []
    for name, overrides in SEQUENCES.items():
        runs = require_runs(found, outputs, overrides)
        rows.append({"sequence": name} | cells_of(runs))
    return rows


def cells_of(runs: list[Run]) -> dict[str, Any]:
    """Return the cells of a network: means over replays, of every seed."""
    replays = []
    for run, seed in zip(runs, SEEDS, strict=True):
        frames = open_trained(run, "replay").images
        replays.append(replay(run, frames, seed))
    in_order = [each.in_order for each in replays]
    shares = [stretch / frames[0].size for stretch in in_order]
    of_these = [each.of_these for each in replays if each.due]
    return {
        "L": len(frames),
        "in order": format_spread(in_order, 1),
        "in order/N": format_spread(shares, 3),
        "due at the end": format_spread([each.due for each in replays], 3),
        "of these, in order": format_spread(of_these, 1),
    }


def replay(run: Run, frames: Frames, seed: int) -> Replay:
    """Return what comes of replays from disturbed first frames."""
    settings = run.config
    share, is_flipped = settings["data.disturb.cue.share"], "data.disturb.cue.kind" in settings
    cues = disturb(frames[0], share, DRAWS, seed, is_flipped=is_flipped)
    found = darnax.load(run.path).recall(cues, frames)
    last = settings["data.source.ahead"] % len(frames) if settings["data.source.cycle"] else -1
    is_right = (found.memory >= 0).reshape(DRAWS, -1) == (frames[last] > 0).reshape(-1)
    is_due, stretches = np.all(is_right, axis=1), found.replayed
    of_these = float(stretches[is_due].mean()) if np.any(is_due) else float("nan")
    return Replay(float(stretches.mean()), float(is_due.mean()), of_these)


def disturb(frame: Frames, share: float, draws: int, seed: int, *, is_flipped: bool) -> Frames:
    """Return copies of a frame with a share of the entries flipped, or unknown, which is NaN."""
    is_disturbed = np.random.default_rng(seed).random((draws, *frame.shape)) < share
    return np.where(is_disturbed, -frame if is_flipped else np.nan, frame).astype(np.float32)
