"""Control characters in log records. Oracle: a list of control characters."""

import io
import logging

import pytest

from darnax.laboratory import log_records

NASTY = "a\x1b[2J\x1b]0;title\x07\x9b2J\u202eb"


@pytest.fixture
def log_stream():
    before, stream = logging.getLogRecordFactory(), io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("another_library")
    logger.addHandler(handler)
    log_records.install()
    yield logger, stream
    logging.setLogRecordFactory(before)
    logger.removeHandler(handler)


def test_a_message_contains_no_control_characters(log_stream):
    logger, stream = log_stream
    logger.warning("%s: damaged", NASTY)
    logger.warning(ValueError(f"two\n{NASTY}"))
    text = stream.getvalue()
    assert [letter for letter in text if not letter.isprintable()] == ["\n"] * 3
    assert "a\\x1b[2J" in text


def test_a_traceback_contains_no_control_characters(log_stream):
    logger, stream = log_stream
    try:
        raise ValueError(NASTY)
    except ValueError:
        logger.exception("failed")
    text = stream.getvalue()
    assert "ValueError: a\\x1b[2J" in text
    assert {letter for letter in text if not letter.isprintable()} == {"\n"}


def test_nothing_is_added_where_there_is_no_exception(log_stream):
    logger, stream = log_stream
    logger.error("plain", exc_info=True)
    assert stream.getvalue() == "plain\nNoneType: None\n"
