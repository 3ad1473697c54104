import pytest


@pytest.fixture(autouse=True, scope="module")
def _quickly(quick: None) -> None:
    """All of these tests compile; before the fixtures of their modules do."""
