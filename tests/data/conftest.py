import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from darnax.data import archives, decoding
from darnax.data.archives import Checksum

CLASSES = 10


def idx_bytes(array: np.ndarray) -> bytes:
    """Write the format from its description, independently of the reader."""
    header = bytes([0, 0, 0x08, array.ndim]) + b"".join(
        size.to_bytes(4, "big") for size in array.shape
    )
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture(scope="session")
def write_archives() -> Callable[..., dict[str, np.ndarray]]:
    def write(
        folder: Path, train: int = 60, test: int = 20, seed: int = 0
    ) -> dict[str, np.ndarray]:
        """Write archives of random 28 × 28 images and cyclic labels; return arrays by file name."""
        rng = np.random.default_rng(seed)
        folder.mkdir(parents=True, exist_ok=True)
        written = {}
        for prefix, count in (("train", train), ("t10k", test)):
            written[f"{prefix}-images-idx3-ubyte.gz"] = rng.integers(
                0, 256, (count, 28, 28), dtype=np.uint8
            )
            written[f"{prefix}-labels-idx1-ubyte.gz"] = (np.arange(count) % CLASSES).astype(
                np.uint8
            )
        for name, array in written.items():
            (folder / name).write_bytes(gzip.compress(idx_bytes(array)))
        return written

    return write


@pytest.fixture
def tiny(
    tmp_path: Path,
    write_archives: Callable[..., dict[str, np.ndarray]],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Register archives of 60 + 20 random images as the bundled ones of every IDX set."""
    folder = tmp_path / "archives"
    write_archives(folder)
    sums = {
        path.name: Checksum(path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.iterdir()
    }
    monkeypatch.setattr(archives, "load_checksums", lambda name: sums)
    monkeypatch.setattr(
        "darnax.data.preparing.find_bundled", lambda name: folder if name == "mnist" else None
    )
    monkeypatch.setattr("darnax.data.preparing.find_spec", lambda name: None)
    monkeypatch.setattr(decoding, "FINGERPRINTS", {})
    return folder
