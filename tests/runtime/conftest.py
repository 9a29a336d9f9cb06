"""A home on each kind of store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.homes import Opened, database_of, opened
from tests.servers import postgres_binaries, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL of the session."""
    if postgres_binaries() is None:
        pytest.skip("no PostgreSQL server is installed")
    with postgres_server() as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty store; empty for SQLite."""
    if request.param == "sqlite":
        yield ""
        return
    with database_of(request.getfixturevalue("postgres")) as address:
        yield address


@pytest.fixture
def home(store: str, tmp_path: Path) -> Opened:
    """Open the test's home with settings."""
    return lambda **settings: opened(tmp_path / "home", store, **settings)
