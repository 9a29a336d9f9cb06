"""The page of privacy: everything that is kept is listed, and what customers said is counted by their latest word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.homes import Opened
from tests.web.conftest import Counting
from tests.web.console.conftest import signed_in

from regulars.runtime import register

NOW = datetime.now(UTC)


@pytest.fixture
def settings(home: Opened) -> Any:
    return home(currency="PLN")


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def customers(count: int) -> None:
    from regulars.store.models import Customer

    for key in range(1, count + 1):
        Customer.objects.create(id=key, created_at=NOW, updated_at=NOW)


def say(customer: int, purpose: str, granted: bool, days_ago: int) -> None:
    from regulars.privacy import actions

    actions.say(customer, purpose, granted=granted, at=NOW - timedelta(days=days_ago), source="test", now=NOW)


def test_every_table_has_its_entry(settings: Any) -> None:
    from django.apps import apps

    from regulars.lake.folder import Lake

    tables = {model._meta.db_table for model in apps.get_models() if model._meta.app_label == "store"}
    listed = [entry.name for entry in register.ENTRIES if entry.place == register.STORE]
    assert sorted(listed) == sorted(tables), (
        "what is kept of whom, why and for how long stands in the register"
    )
    lake = Lake(Path("lake"), 16)
    kept = {name for name in ("orders", "lines", "events", "scores") if hasattr(lake, name)}
    assert {entry.name for entry in register.ENTRIES if entry.place == register.LAKE} == kept


def test_what_can_reach_a_customer_is_listed_as_theirs(settings: Any) -> None:
    from django.apps import apps

    from regulars.store.models import Customer

    theirs = {entry.name for entry in register.of(register.CUSTOMERS) if entry.place == register.STORE}
    for model in apps.get_models():
        if model._meta.app_label != "store":
            continue
        named = {field.name for field in model._meta.get_fields() if not field.auto_created}
        reaches = any(getattr(field, "related_model", None) is Customer for field in model._meta.get_fields() if not field.auto_created)  # fmt: skip
        if reaches or "customer_id" in named or model is Customer:
            assert model._meta.db_table in theirs, model


def test_words_are_counted_by_the_latest_one(settings: Any) -> None:
    from regulars.privacy import queries
    from regulars.store.models import Customer

    customers(5)
    say(1, "email", True, 50)
    say(1, "email", False, 5)
    say(2, "email", True, 3)
    say(3, "email", True, 60)
    say(3, "profiling", False, 2)
    say(4, "email", True, 1)
    Customer.objects.filter(id=4).update(merged_into=1)
    assert queries.words()["email"] == (2, 1)
    assert queries.words()["profiling"] == (0, 1)
    assert queries.words()["sms"] == (0, 0)
    assert queries.words_since(NOW - timedelta(days=30))["email"] == (2, 1)
    page = text(signed_in("owner").get("/privacy"))
    row = page[page.index("E-mail<small>") :].partition("</tr>")[0]
    assert [cell.partition("<")[0] for cell in row.split('<td class="n">')[1:]] == [
        "2",
        "1",
        "1",
        "2 yes, 1 no",
    ]
    assert "1 customer objects to profiling" in page
    assert "counts as yes, until they object" in page


def test_who_may_see_it_and_in_which_language(settings: Any) -> None:
    owner = signed_in("owner")
    assert "without an end" in text(owner.get("/privacy"))
    for role, status in (("marketer", 200), ("service", 200), ("analyst", 403), ("developer", 403)):
        assert signed_in(role).get("/privacy").status_code == status
    answer = owner.get("/privacy", headers={"Accept-Language": "pl"})
    assert "bez końca" in text(answer)
    assert "każdy dzień przez 90 dni" in text(answer)


def test_it_asks_the_same_of_the_store_however_much_was_said(settings: Any, queries: Counting) -> None:
    owner = signed_in("owner")
    customers(3)
    owner.get("/privacy")
    few = queries(lambda: owner.get("/privacy"))
    for key in (1, 2, 3):
        for purpose in ("email", "sms", "analytics", "profiling"):
            say(key, purpose, key % 2 == 0, key)
    assert queries(lambda: owner.get("/privacy")) == few <= 12
