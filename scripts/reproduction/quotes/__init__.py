"""The tables of pages that quote the ledger, by the name that they have in the page."""

from reproduction.quotes.memory import BITS_FOR_A_NUMBER, REPLAY_BY_LENGTH
from reproduction.quotes.relaxation import (
    FIVE_POINTS,
    NOISE_BY_STEPS,
    RECALL_OF_DIGITS,
    RECALL_OF_PATTERNS,
    RECURRENCE,
)

QUOTES = {
    "noise_by_steps": NOISE_BY_STEPS,
    "recurrence": RECURRENCE,
    "recall_of_patterns": RECALL_OF_PATTERNS,
    "recall_of_digits": RECALL_OF_DIGITS,
    "five_points": FIVE_POINTS,
    "bits_for_a_number": BITS_FOR_A_NUMBER,
    "replay_by_length": REPLAY_BY_LENGTH,
}
