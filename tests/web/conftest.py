"""A server in this process: its home on each kind of store, and a shop's program with a key that asks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.homes import Opened, opened

NOW = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def django(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Make Django known to the process, so that tests may import records before they open a home of their own."""
    opened(tmp_path_factory.mktemp("first") / "home")


class Program:
    """Asks the API as a program of the shop does."""

    def __init__(self, key: str = "", **headers: str) -> None:
        from django.test import Client

        given = {"Authorization": f"Bearer {key}"} if key else {}
        self.key = key
        self.client = Client(headers=given | headers)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        return self.client.generic(
            method,
            f"/v1/{path}",
            data,
            content_type="application/json",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)


def key_of(settings: Any, *scopes: str) -> str:
    from regulars.access import actions, rules

    wanted = scopes or tuple(scope for scope in rules.SCOPES if scope != "collect")
    return actions.create("test", wanted, settings.home, who="test", now=NOW).text


@pytest.fixture
def settings(home: Opened) -> Any:
    return home(api_rate="10000", api_burst="10000", time_zone="Europe/Warsaw")


@pytest.fixture
def program(settings: Any) -> Program:
    """A program that may do everything."""
    return Program(key_of(settings))


@pytest.fixture
def light(tmp_path: Any) -> Any:
    """A home on SQLite only, for what does not depend on the store."""
    return opened(tmp_path / "home", api_rate="10000", api_burst="10000", time_zone="Europe/Warsaw")


Counting = Callable[[Callable[[], Any]], int]


@pytest.fixture
def queries() -> Counting:
    """Count what a call asks of the store."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count(call: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as seen:
            call()
        return len(seen)

    return count
