"""The checksum of record files: CRC-32C (Castagnoli), of many messages at once, and masked as TensorFlow masks it.

A CRC is linear: what precedes a segment of L bytes acts on its result by one linear map, that of L zero bytes. So all segments
of all messages are taken at once, column by column, and put together after that.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

_POLYNOMIAL = 0x82F63B78  # reflected
_SEGMENT = 256  # bytes
_ONES = 0xFFFFFFFF
_MASK = 0xA282EAD8  # of TensorFlow: the checksum of data that hold checksums would be weak


def masked_crc32c(messages: Sequence[bytes]) -> np.ndarray:
    """Return the masked checksum of every message, uint32.

    Example:
        >>> hex(int(crc32c([b"123456789"])[0]))  # the check value of the algorithm
        '0xe3069283'
    """
    sums = crc32c(messages)
    return ((sums >> 15) | (sums << 17)) + np.uint32(_MASK)


def crc32c(messages: Sequence[bytes]) -> np.ndarray:
    """Return the checksum of every message, uint32."""
    width = (
        min(max(map(len, messages), default=0), _SEGMENT) or 1
    )  # where no message is longer, there is one segment of each
    counts = [max(-(-len(message) // width), 1) for message in messages]
    segments = np.zeros((sum(counts), width), np.uint8)
    ends = np.cumsum(counts) * width
    flat = segments.reshape(-1)
    for message, end in zip(messages, ends.tolist(), strict=True):
        own = flat[end - len(message) : end]
        own[:] = np.frombuffer(message, np.uint8)
        own[:4] ^= 0xFF  # the same as to start with ones, from four bytes on
    states = iter(_states(segments, 0).tolist())
    found = [_joined([next(states) for _ in range(count)]) for count in counts]
    found = [state if len(m) >= 4 else _short(m) for state, m in zip(found, messages, strict=True)]
    return np.array(found, np.uint32) ^ np.uint32(_ONES)


def _states(rows: np.ndarray, start: int) -> np.ndarray:
    """Return the state of the register after the bytes of every row."""
    states, table = np.full(len(rows), start, np.uint32), _table()
    for column in np.ascontiguousarray(rows.T):
        states = table[(states ^ column) & 0xFF] ^ (states >> 8)
    return states


def _short(message: bytes) -> int:
    return int(_states(np.frombuffer(message, np.uint8)[None], _ONES)[0])


def _joined(states: Sequence[int]) -> int:
    """Return the state after all segments of a message, from those after each alone."""
    maps, whole = _after_a_segment(), 0
    for state in states:
        moved = (
            maps[0][whole & 0xFF]
            ^ maps[1][whole >> 8 & 0xFF]
            ^ maps[2][whole >> 16 & 0xFF]
            ^ maps[3][whole >> 24]
        )
        whole = moved ^ state
    return whole


@cache
def _table() -> np.ndarray:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1)
    return table


@cache
def _after_a_segment() -> list[list[int]]:
    """Return what a segment of zeros makes of each value of each byte of the state."""
    zeros = np.zeros(_SEGMENT, np.uint8)
    maps = []
    for shift in range(0, 32, 8):
        states, table = np.arange(256, dtype=np.uint32) << np.uint32(shift), _table()
        for column in zeros:
            states = table[(states ^ column) & 0xFF] ^ (states >> 8)
        maps.append(states.tolist())
    return maps
