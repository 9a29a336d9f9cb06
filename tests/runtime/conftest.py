"""Records may be imported before a test opens a home of its own."""

from __future__ import annotations

import pytest
from tests.homes import opened


@pytest.fixture(scope="session", autouse=True)
def django(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Make Django known to the process, so that tests may import records before they open a home of their own."""
    opened(tmp_path_factory.mktemp("first") / "home")
