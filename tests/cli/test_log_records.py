"""Log records on the terminal. Oracles: a list of control characters, and a count of lines."""

import io
import logging
import subprocess
import sys

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
    for installed in [
        h for h in logging.root.handlers if isinstance(h, log_records.LibraryRecords)
    ]:
        logging.root.removeHandler(installed)


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


# A program that logs as TFDS and others do, then as darnax does while a command runs.
PROGRAM = """
import logging
from absl import logging as absl_logging
from darnax.cli.display import warnings_to_stderr
from darnax.laboratory import log_records

log_records.install()
absl_logging.info("of absl")
logging.info("of any library")
logging.getLogger("another").warning("of another library")
with warnings_to_stderr():
    logging.getLogger("darnax.runner").warning("of darnax")
    try:
        raise ValueError("failed")
    except ValueError:
        logging.getLogger("darnax.runner.train").exception("the run failed")
"""


def test_a_record_is_shown_once_and_a_traceback_never_after_absl_has_logged():
    command = [sys.executable, "-c", PROGRAM]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert shown.splitlines() == ["of another library", "warning: of darnax"]
