"""Slow hashes have a limit of their own: a flood of guesses leaves threads to everybody else."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.web.console.conftest import PASSWORD, Browser, person

from regulars.access.people import passwords
from regulars.kit.errors import RegularsError

FLOOD = 30


@pytest.fixture
def slow(monkeypatch: Any) -> Any:
    """A hash that takes until the test lets it go on."""
    go_on = threading.Event()
    matches = passwords.matches
    monkeypatch.setattr(passwords, "matches", lambda *told: go_on.wait(30) and matches(*told))
    monkeypatch.setattr(passwords, "PATIENCE_SECONDS", 0.2)
    yield go_on
    go_on.set()


def answer_and_close(call: Any) -> Any:
    from django.db import connections

    try:
        return call()
    finally:
        connections.close_all()


def test_a_flood_of_guesses_leaves_threads_to_the_api(settings: Any, slow: Any) -> None:
    from regulars.access import actions
    from regulars.store.models import Attempt
    from regulars.web.halves import COLD_THREADS

    assert passwords.AT_ONCE + passwords.WAITING <= COLD_THREADS // 2
    user = person("owner")
    made = actions.create("Sync", ["customers:read"], settings.home, who="test", now=datetime.now(UTC))
    program = Browser(Authorization=f"Bearer {made.text}")
    strangers = [Browser(**{"User-Agent": f"{number}"}) for number in range(FLOOD)]
    tokens = [stranger.token() for stranger in strangers]
    fields = {"email": user.email, "password": "wrong wrong wrong"}
    with ThreadPoolExecutor(COLD_THREADS) as threads:
        flood = [
            threads.submit(answer_and_close, lambda b=b, t=t: b.post("/sign-in", token=t, **fields))
            for b, t in zip(strangers, tokens, strict=True)
        ]
        asked = threads.submit(answer_and_close, lambda: program.get("/v1/customers"))
        assert asked.result(20).status_code == 200
        refused, looking = wait(flood, timeout=5)
        assert len(looking) == passwords.AT_ONCE, "the hashes still go on"
        for each in refused:
            told = each.result()
            assert (told.status_code, told.headers["Retry-After"]) == (503, "2")
        counted = Attempt.objects.get(key__startswith="account:").failures
        assert counted == passwords.AT_ONCE, "who found no turn is not counted"
        slow.set()
        assert {each.result(20).status_code for each in looking} == {403}
    assert Browser().sign_in(user.email).status_code == 302, "every place is free again"


def test_a_place_is_free_again_after_an_error(settings: Any) -> None:
    for _ in range(10):
        with pytest.raises(RegularsError, match="one"), passwords.turn():
            raise RegularsError("test", "one")
    assert person("owner").email
    assert passwords.matches(PASSWORD, passwords.hashed(PASSWORD))
