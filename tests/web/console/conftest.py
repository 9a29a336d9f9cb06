"""People in front of the console: browsers that fill in forms, and a slow hash that is quick for once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.homes import Opened

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth.hashers import ScryptPasswordHasher

    monkeypatch.setattr(ScryptPasswordHasher, "work_factor", 2)
    monkeypatch.setattr(ScryptPasswordHasher, "parallelism", 1)


@pytest.fixture
def settings(home: Opened) -> Any:
    return home(time_zone="Europe/Warsaw")


class Browser:
    """Opens pages and sends their forms, with the form's token as a page shows it."""

    def __init__(self, **headers: str) -> None:
        from django.test import Client

        self.client = Client(headers=headers, raise_request_exception=False)

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, **more)

    def token(self) -> str:
        """The token of this browser's forms."""
        text = self.client.get("/account").content or self.client.get("/sign-in").content
        found = re.search(rb'name="form" value="([^"]+)"', text)
        return found[1].decode() if found else ""

    def post(self, path: str, token: str | None = None, headers: Any = None, **fields: Any) -> Any:
        told = self.token() if token is None else token
        return self.client.post(path, fields | {"form": told}, headers=headers or {})

    def sign_in(self, email: str, password: str = PASSWORD, **more: Any) -> Any:
        return self.post("/sign-in", email=email, password=password, **more)


def person(*roles: str, email: str = "") -> Any:
    """Make a person with a password."""
    from datetime import UTC, datetime

    from regulars.access.people import actions

    address = email or f"{roles[0]}@shop.example"
    return actions.create(address, roles[0].title(), roles, PASSWORD, who="test", now=datetime.now(UTC))


def signed_in(*roles: str) -> Browser:
    user = person(*roles)
    browser = Browser()
    assert browser.sign_in(user.email).status_code == 302
    return browser
