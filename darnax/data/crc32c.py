"""The checksum of record files: CRC-32C (Castagnoli) of many messages at once, masked or plain.

A CRC is linear: the bytes before a segment of L bytes change its result by one linear map, that of
L zero bytes. So all segments of all messages are processed together, column by column, and joined
afterwards. The mask is that of TensorFlow.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

_POLYNOMIAL = 0x82F63B78  # reflected
_SEGMENT = 256  # bytes
_ONES = 0xFFFFFFFF
_MASK = 0xA282EAD8  # of TensorFlow: a plain CRC is weak over data that contain CRCs themselves


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
    longest = max(map(len, messages), default=0)
    width = min(longest, _SEGMENT) or 1  # with short messages only, each is one segment
    counts = [max(-(-len(message) // width), 1) for message in messages]
    segments = np.zeros((sum(counts), width), np.uint8)
    ends = np.cumsum(counts) * width
    flat = segments.reshape(-1)
    # A message ends where its segments end: leading zeros do not change a register of zeros.
    for message, end in zip(messages, ends.tolist(), strict=True):
        own = flat[end - len(message) : end]
        own[:] = np.frombuffer(message, np.uint8)
        # Inverting the first four bytes has the effect of starting the register with ones.
        own[:4] ^= 0xFF
    states = _advance(segments, 0).tolist()
    sums = []
    first = 0
    for message, count in zip(messages, counts, strict=True):
        joined = _join_segments(states[first : first + count])
        sums.append(joined if len(message) >= 4 else _checksum_short(message))
        first += count
    return np.array(sums, np.uint32) ^ np.uint32(_ONES)


def _advance(segments: np.ndarray, start: int) -> np.ndarray:
    """Return the state of the register after the bytes of every segment."""
    states, table = np.full(len(segments), start, np.uint32), _make_byte_table()
    for column in np.ascontiguousarray(segments.T):
        states = table[(states ^ column) & 0xFF] ^ (states >> 8)
    return states


def _checksum_short(message: bytes) -> int:
    """Return the final state for a message of less than four bytes."""
    return int(_advance(np.frombuffer(message, np.uint8)[None], _ONES)[0])


def _join_segments(states: Sequence[int]) -> int:
    """Return the state after all segments of a message, from those after each alone."""
    maps, joined = _make_zero_segment_maps(), 0
    for state in states:
        shifted = (
            maps[0][joined & 0xFF]
            ^ maps[1][joined >> 8 & 0xFF]
            ^ maps[2][joined >> 16 & 0xFF]
            ^ maps[3][joined >> 24]
        )
        joined = shifted ^ state
    return joined


@cache
def _make_byte_table() -> np.ndarray:
    """Return the effect of one byte on the register, for every byte."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1)
    return table


@cache
def _make_zero_segment_maps() -> list[list[int]]:
    """Return the state after a segment of zeros, for each value of each byte of the state."""
    table = _make_byte_table()
    maps = []
    for shift in range(0, 32, 8):
        states = np.arange(256, dtype=np.uint32) << np.uint32(shift)
        for _ in range(_SEGMENT):
            states = table[states & 0xFF] ^ (states >> 8)
        maps.append(states.tolist())
    return maps
